"""`tellykeep demo`: the appliance on throw-away data, with sample shows and a simulated Plex server that calls its webhook."""

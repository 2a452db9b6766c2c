"""What Plex says: webhook events, GUIDs, the server's HTTP API."""

"""The way of an event from Plex into the tracker."""

"""Posters: fetched once by the appliance, kept on disk, and drawn where there is none."""

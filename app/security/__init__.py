"""Secrets, accounts, limits, headers."""

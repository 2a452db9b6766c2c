"""The tables, functions and named queries, as package data."""

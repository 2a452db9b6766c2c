"""Benchmarks: each is a command that prints its figures, and their ratio to a limit that it measures in the same run."""

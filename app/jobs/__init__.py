"""What happens by itself: one module a job."""

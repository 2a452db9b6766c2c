"""What a monitor is told: figures for Prometheus, and what is wrong for `/readyz` and the container's health check."""

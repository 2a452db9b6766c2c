"""PostgreSQL: the connection pool, migrations and versioned functions, named queries."""

"""Django's PostgreSQL backend, on a server that starts with the first connection."""

"""gunicorn: the master, its workers and the exchange on a connection."""

"""Everything on one machine: a Redis-protocol server, a trainer worker and the service as child processes."""

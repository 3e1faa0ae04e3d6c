"""Webhooks: what happened, told to the addresses of a file, signed, at least once."""

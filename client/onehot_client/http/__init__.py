"""Calls over HTTP: what is sent and read, what is tried again, and the two transports."""

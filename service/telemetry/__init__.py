"""Logs, metrics and traces of answered requests."""

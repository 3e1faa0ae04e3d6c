"""Endpoints that tell callers what they may do."""

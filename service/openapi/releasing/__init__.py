"""Schemas of how a new version comes to answer."""

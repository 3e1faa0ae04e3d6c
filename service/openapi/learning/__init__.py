"""Schemas of what is learned from production."""

"""Schemas of what comes before a training."""

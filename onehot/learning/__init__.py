"""Captured rows, true labels and live quality for the commands."""

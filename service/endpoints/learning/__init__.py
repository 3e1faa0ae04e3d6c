"""Endpoints of what is learned from production: captured rows, true labels, live quality."""

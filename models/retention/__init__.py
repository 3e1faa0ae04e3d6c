"""Retention: which versions and leftovers of a store are deleted, in which order, and what keeps a version."""

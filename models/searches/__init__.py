"""Searches in the store: one document each, which is all there is of them."""

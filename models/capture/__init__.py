"""Captured predictions and their true labels at rest: what is sampled, its files, what they say of quality."""

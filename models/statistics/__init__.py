"""Distributions of a version's training rows, and how far the rows it answers for have moved away from them."""

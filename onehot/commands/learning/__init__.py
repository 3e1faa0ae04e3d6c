"""Commands of what is learned from production."""

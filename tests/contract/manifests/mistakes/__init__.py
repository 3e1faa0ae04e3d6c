"""Seeded mistakes, each with the rule that has to notice it."""

"""Endpoints by which a new version comes to answer: rollouts."""

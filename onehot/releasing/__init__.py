"""Rollouts on the terminal."""

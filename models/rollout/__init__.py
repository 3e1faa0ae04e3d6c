"""Rollouts: a candidate that comes to answer step by step, watched by guards."""

"""Rollouts on live traffic: which version answers a caller, what is counted of both, when a step is over."""

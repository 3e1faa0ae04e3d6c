"""Rollouts on live traffic: who is answered by the candidate, what is counted of both sides, and when the step is over."""

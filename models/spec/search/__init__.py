"""The `search` block of a spec: which values are tried, how many, and which of them is the best."""

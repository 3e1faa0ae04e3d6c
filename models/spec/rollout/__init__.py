"""The `rollout` block of a spec: how a new version comes to answer, step by step."""

"""Runs: the durable records of trainings, beside each other: what differs, listed, compared. Format: `docs/runs.md`."""

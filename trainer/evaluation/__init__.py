"""Evaluation on held-out rows: scores, the gate, the report."""

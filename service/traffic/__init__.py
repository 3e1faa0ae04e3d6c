"""Answered predictions, as those see them who learn from them: monitoring, capture, rollouts."""

"""What a report shows of held-out images."""

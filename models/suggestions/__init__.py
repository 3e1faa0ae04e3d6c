"""What data looks like, and a spec that fits it: for data that was never trained on, without a training framework."""

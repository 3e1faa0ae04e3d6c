"""What comes before a training is submitted: a look at uploaded data, a spec that fits it, a check of that spec."""

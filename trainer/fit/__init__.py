"""Fitting: epochs, steppers, callbacks, checkpoints and progress."""

"""The Keras backends: which one runs, on which devices, with which seeds."""

"""A suggested spec for data that was never trained on."""

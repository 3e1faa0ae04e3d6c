"""Publish an existing Keras file as a version."""

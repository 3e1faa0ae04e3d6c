"""The tables of `models.keras_catalog`, written from the installed Keras."""

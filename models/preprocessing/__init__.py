"""The preprocessing pipeline: its steps, and how an instance of a model may be written."""

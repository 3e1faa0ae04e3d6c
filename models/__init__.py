"""What a model is: its spec, preprocessing, manifest and store. No training framework, no web framework."""

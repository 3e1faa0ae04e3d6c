"""From a spec to a compiled Keras network."""

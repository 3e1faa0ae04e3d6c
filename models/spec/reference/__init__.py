"""The reference of the spec, read off what checks a spec: every key, step and Keras object, or one by its path."""

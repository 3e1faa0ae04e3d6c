"""The offline side: trains Keras Sequential networks and publishes them. Importing it loads no framework."""

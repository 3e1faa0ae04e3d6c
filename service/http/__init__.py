"""HTTP: the request's life cycle and context, bodies, responses and routing."""

"""Training jobs as the service sees them: the queue, its events, and jobs whose worker vanished."""

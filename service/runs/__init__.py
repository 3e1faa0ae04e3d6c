"""Runs online: an index of the store's records that follows it, so that a request lists nothing."""

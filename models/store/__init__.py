"""Versions at rest: manifests, labels, promotions, checkpoints and data sets in a folder or an object store."""

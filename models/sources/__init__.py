"""Names of data sources, and files of data as they lie on disk."""

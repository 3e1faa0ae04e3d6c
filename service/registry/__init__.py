"""The model versions that this process has loaded, and how they follow the store."""

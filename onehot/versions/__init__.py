"""Versions and labels for the commands: in the store itself, or as a service tells of them."""

from onehot.versions.at_rest import StoredVersions
from onehot.versions.served import ServedVersions

__all__ = ["ServedVersions", "StoredVersions"]

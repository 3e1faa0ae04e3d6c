"""Which rows are held out, as a digest: two versions with the same one were measured on the same rows."""

import hashlib

import numpy as np

from trainer.data.preparation import Piece
from trainer.data.rows import batches

__all__ = ["rows_digest"]


def rows_digest(piece: Piece) -> str:
    """sha-256 of a part's raw rows and labels, in order."""
    digest = hashlib.sha256()
    for some in batches(piece.raw.features):
        plain = some.dtype != object
        digest.update(np.ascontiguousarray(some).tobytes() if plain else repr(some.tolist()).encode())
    digest.update(np.ascontiguousarray(piece.labels.values).tobytes())
    return digest.hexdigest()

"""The size that images of several sizes, or large ones, are brought to."""

from collections.abc import Sequence

import numpy as np

from models.preprocessing.images import ImageForm

__all__ = ["suggested_size"]

LARGEST_SIDE = 96


def suggested_size(forms: Sequence[ImageForm]) -> tuple[int, int] | None:
    """Height and width that most of the images are like, within reason; None where they can stay as they are."""
    sizes = np.array([(form.height, form.width) for form in forms])
    height, width = np.median(sizes, axis=0)
    if (sizes == sizes[0]).all() and max(height, width) <= 2 * LARGEST_SIDE:
        return None
    shrunk = min(LARGEST_SIDE / max(height, width), 1.0)
    return max(round(height * shrunk), 1), max(round(width * shrunk), 1)

"""Raw rows as a report shows them: the cells of a table, or a small picture; bounded in size."""

import base64
import io
from math import isqrt
from typing import Any

import numpy as np
from PIL import Image

from models.preprocessing.instances import Array
from trainer.data import Dataset

__all__ = ["shown_row"]

MOST_CELLS, LONGEST_TEXT, LONGEST_SIDE = 30, 60, 48
CHANNELS = (1, 3, 4)
LEAST_SQUARE = 49
"""So many numbers without names, a square of them, are a picture."""


def shown_row(raw: Dataset, row: int) -> dict[str, Any]:
    """What is shown of a row of `raw`: `values` by column, or `image` as a PNG in base64; nothing for other forms."""
    features = np.asarray(raw.features[np.array([row])])[0]
    if raw.columns is None and features.ndim == 1 and len(features) >= LEAST_SQUARE:
        side = isqrt(len(features))
        return {"image": _png(features.reshape(side, side))} if side * side == len(features) else {}
    if features.ndim == 1:
        names = [column.name for column in raw.columns or ()] or [f"x{index}" for index in range(len(features))]
        pairs = zip(names[:MOST_CELLS], features[:MOST_CELLS].tolist(), strict=True)
        return {"values": {name[:LONGEST_TEXT]: _cell(cell) for name, cell in pairs}}
    if features.ndim == 2 or (features.ndim == 3 and features.shape[-1] in CHANNELS):
        return {"image": _png(features)}
    return {}


def _cell(cell: Any) -> Any:
    return cell if cell is None or isinstance(cell, bool | int | float) else str(cell)[:LONGEST_TEXT]


def _png(pixels: Array) -> str:
    """A picture of bytes as it is; one of other numbers from its least to its largest."""
    pixels = pixels[..., 0] if pixels.ndim == 3 and pixels.shape[-1] == 1 else pixels
    if pixels.dtype != np.uint8:
        numbers = np.nan_to_num(pixels.astype(np.float64))
        low, high = numbers.min(), numbers.max()
        pixels = ((numbers - low) / ((high - low) or 1) * 255).astype(np.uint8)
    image, file = Image.fromarray(pixels), io.BytesIO()
    image.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    image.save(file, "PNG", optimize=True)
    return base64.b64encode(file.getvalue()).decode()

"""Small grey images as text."""

from collections.abc import Sequence

__all__ = ["picture", "shades_for", "side_by_side"]

SHADES = " ░▒▓█"
ASCII_SHADES = " .:*#"
PIXEL_WIDTH = 2
"""Characters are about twice as high as wide, so that two of them make a square."""


def shades_for(encoding: str | None) -> str:
    """From light to dark, with characters that the output can show."""
    try:
        SHADES.encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return ASCII_SHADES
    return SHADES


def picture(pixels: Sequence[float], *, width: int, brightest: float, shades: str = SHADES) -> list[str]:
    """One image as lines.

    Args:
        pixels: Row by row, from 0 to `brightest`.
        width: Pixels in a row.
        brightest: The value of the darkest shade: ink on paper.
        shades: From light to dark.
    """
    steps = len(shades) - 1
    cells = [shades[round(min(max(pixel / brightest, 0), 1) * steps)] * PIXEL_WIDTH for pixel in pixels]
    return ["".join(cells[start : start + width]) for start in range(0, len(cells), width)]


def side_by_side(blocks: Sequence[Sequence[str]], *, width: int, gap: int = 3) -> list[str]:
    """Blocks of equally many lines beside each other, each `width` columns wide."""
    rows = zip(*blocks, strict=True)
    return [(" " * gap).join(part.ljust(width) for part in row).rstrip() for row in rows]

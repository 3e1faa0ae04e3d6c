"""Error messages of Keras, without colours and frames."""

import re

__all__ = ["plain_lines"]

COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def plain_lines(text: str) -> list[str]:
    """The lines of a message, without colours and without empty ones."""
    return [line.strip() for line in COLOURS.sub("", text).splitlines() if line.strip()]

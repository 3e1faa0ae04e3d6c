"""What Keras says when it fails, without colours and frames."""

import re

__all__ = ["COLOURS", "plain_lines"]

COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def plain_lines(text: str) -> list[str]:
    """The lines of what a framework says, without colours and without empty ones."""
    return [line.strip() for line in COLOURS.sub("", text).splitlines() if line.strip()]

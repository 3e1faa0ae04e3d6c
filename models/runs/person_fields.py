"""What a person adds to the record of a run: tags and a note, and what they may be."""

import re
from typing import Any

from models.keras_catalog.argument_kinds import Mismatch

__all__ = ["LONGEST_NOTE", "MOST_TAGS", "TAG", "check_note", "check_tags"]

TAG = r"^[^\s,\x00-\x1f\x7f-\x9f]{1,64}$"
MOST_TAGS, LONGEST_NOTE = 50, 10_000
HALF_CHARACTER = re.compile("[\ud800-\udfff]")


def check_tags(value: Any) -> list[str]:
    """Different words, in the order in which they are given.

    Raises:
        Mismatch: When they are none.
    """
    expected = f"a list of at most {MOST_TAGS} words of 1 to 64 characters, without blanks and commas"
    if not isinstance(value, list) or len(value) > MOST_TAGS or not all(map(_is_tag, value)):
        raise Mismatch(expected)
    return list(dict.fromkeys(value))


def check_note(value: Any) -> str:
    """A text, which may be empty.

    Raises:
        Mismatch: When it is none.
    """
    if not isinstance(value, str) or len(value) > LONGEST_NOTE or HALF_CHARACTER.search(value):
        raise Mismatch(f"a text of at most {LONGEST_NOTE} characters")
    return value


def _is_tag(value: Any) -> bool:
    return isinstance(value, str) and bool(re.fullmatch(TAG, value)) and not HALF_CHARACTER.search(value)

"""What Keras itself says of its objects and their arguments, one sentence each, so that it is read without Keras.

    python -m trainer.keras_catalog.docstrings > models/keras_catalog/keras_docs.json

writes the table anew after Keras was upgraded, as `trainer.keras_catalog.signatures` writes the signatures.
"""

import inspect
import re
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from models.keras_catalog.objects import known_names
from trainer.keras_catalog.signatures import FAMILIES, json_text

__all__ = ["docs_table"]

SECTION = re.compile(r"^(?:Args|Arguments):\n((?: .*\n|\n)+)", re.MULTILINE)
ARGUMENT = re.compile(r" {4}\*{0,2}`?(\w+)`?(?:, `?\w+`?)*: ?(.*)")
SENTENCE = re.compile(r"(.+?(?<!e\.g)(?<!i\.e)(?<!etc)(?<!vs)[.!?])(?=\s+[A-Z`\"]|$)")


def docs_table() -> dict[str, Any]:
    """Family → object → `{"text": its first sentence, "arguments": {name: a sentence}}`."""
    import keras  # noqa: PLC0415 -- the trainer's parent process must not import a framework

    homes = {family: getattr(keras, family, None) for family in FAMILIES} | {"schedules": keras.optimizers.schedules}
    return {family: _family(family, home) for family, home in homes.items()}


def _family(family: str, home: Any) -> dict[str, Any]:
    found = {name: _described(getattr(home, name), signature) for name, signature in known_names(family).items()}
    usual: dict[str, str] = {}
    for entry in found.values():
        usual = entry["arguments"] | usual
    for name, signature in known_names(family).items():
        said = found[name]["arguments"]
        found[name]["arguments"] = {one: said.get(one, usual.get(one, "")) for one in signature}
    return found


def _described(value: Any, signature: Mapping[str, Any]) -> dict[str, Any]:
    said: dict[str, str] = {}
    for doc in _docs(value):
        said = _arguments(doc) | said
    text = _sentence(next(_docs(value), "").partition("\n\n")[0])
    return {"text": text, "arguments": {one: said[one] for one in signature if said.get(one)}}


def _docs(value: Any) -> Iterator[str]:
    """The docstrings of an object and of what it inherits from Keras."""
    for one in value.__mro__ if inspect.isclass(value) else (value,):
        if one.__module__.startswith("keras") and one.__doc__:
            yield inspect.cleandoc(one.__doc__)


def _arguments(doc: str) -> dict[str, str]:
    said: dict[str, str] = {}
    section, current = SECTION.search(f"{doc}\n"), None
    for line in section[1].splitlines() if section else ():
        if found := ARGUMENT.fullmatch(line):
            current = found[1]
            said[current] = found[2]
        elif current is not None and line.strip():
            said[current] += f" {line.strip()}"
        else:
            current = None
    return {name: _sentence(text) for name, text in said.items()}


def _sentence(text: str) -> str:
    """The first sentence, on one line."""
    line = " ".join(text.split())
    found = SENTENCE.match(line)
    return found[1] if found else line


if __name__ == "__main__":
    sys.stdout.write(json_text(docs_table()) + "\n")

"""What Keras says of its objects and their arguments, a sentence each, read without Keras.

`keras_docs.json` is written by `python -m trainer.keras_catalog.docstrings`, from Keras' own docstrings.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

__all__ = ["argument_text", "object_text"]

EVERY_LAYER = {
    "name": "Name of the layer, letters, digits, `_`, `.` and `-`; Keras gives one where it is left out.",
    "trainable": "Whether the layer's weights are trained.",
}
"""Arguments that every layer has beside those of its signature."""
OWN = {
    "learning_rate": "How far a step goes: a number, or one of the schedules.",
    "quantization_config": "Not in a spec.",
    "gptq_unpacked_column_size": "Not in a spec.",
    "lora_alpha": "Scale of the low-rank update.",
}
"""Arguments of which Keras says nothing that fits a spec."""


@cache
def _table() -> dict[str, Any]:
    table: dict[str, Any] = json.loads(Path(__file__).with_name("keras_docs.json").read_text("utf-8"))
    return table


def object_text(family: str, class_name: str) -> str:
    """What an object is, in Keras' own sentence."""
    return str(_table()[family][class_name]["text"])


def argument_text(family: str, class_name: str, argument: str) -> str:
    """What an argument is, in Keras' own sentence where it has one."""
    said = _table()[family][class_name]["arguments"].get(argument, "")
    return str(OWN.get(argument) or said or EVERY_LAYER.get(argument, ""))

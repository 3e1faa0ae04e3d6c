"""Keras, imported by the first call that needs it, and left as it was."""

import random
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["fitting_name", "is_own", "load_keras", "snake_case", "undisturbed"]

UNFIT = re.compile(r"[^a-z0-9_-]+")


def load_keras() -> Any:
    """The module `keras`, version 3.

    Raises:
        ImportError: When there is none; says what to install.
    """
    try:
        import keras  # noqa: PLC0415, TID251 -- only those who call pay for it
    except ImportError as error:
        raise ImportError("onehot_client.keras needs Keras 3 and a backend: pip install keras tensorflow") from error
    if not keras.__version__.startswith("3."):
        raise ImportError(f"onehot_client.keras: expected Keras 3; received {keras.__version__}")
    return keras


def is_own(made: Any) -> bool:
    """Whether an object, or a function, is one of Keras' own."""
    home = getattr(made, "__module__", None) or type(made).__module__
    return bool(home.partition(".")[0] == "keras")


@contextmanager
def undisturbed() -> Iterator[None]:
    """Make objects of Keras without a trace: their initializers draw from Python's generator, and warn."""
    state = random.getstate()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        random.setstate(state)


def snake_case(name: str) -> str:
    """The name that Keras makes of a class: `leaky_re_lu` of LeakyReLU."""
    words = re.sub(r"(.)([A-Z][a-z0-9]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", words).lower()


def fitting_name(text: str) -> str:
    """A name that Onehot takes for a model, made of any text: up to 64 of a-z, 0-9, `_` and `-`."""
    return UNFIT.sub("-", text.lower())[:64].strip("_-") or "model"

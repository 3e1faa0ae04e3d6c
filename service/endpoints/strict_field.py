"""Fields of small JSON bodies, which take exactly what JSON Schema would."""

from typing import Any

from marshmallow import ValidationError, fields

from models.errors import shown
from models.keras_catalog.argument_kinds import Check, Mismatch

__all__ = ["StrictField"]


class StrictField(fields.Field[Any]):
    """A value that a check accepts: 2.0 is a whole number, as in JSON Schema; 0 is not false."""

    def __init__(self, check: Check, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._check = check

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        del attr, data, kwargs
        try:
            return self._check(value)
        except Mismatch as mismatch:
            raise ValidationError(f"expected {mismatch.expected}; received {shown(value)}") from mismatch

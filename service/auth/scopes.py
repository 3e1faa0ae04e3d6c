"""The scopes of API keys."""

from enum import StrEnum

__all__ = ["Scope"]


class Scope(StrEnum):
    """What a key permits; `PUBLIC` needs none."""

    PUBLIC = "public"
    PREDICT = "predict"
    TRAIN = "train"
    ADMIN = "admin"

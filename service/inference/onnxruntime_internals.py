"""The internals of ONNX Runtime that the service touches."""

from typing import Any

from onnxruntime.capi import onnxruntime_pybind11_state as native

__all__ = ["FAILURES", "PROVED_FOR", "forget_content"]

PROVED_FOR = "onnxruntime>=1.32,<1.33"

FAILURES: tuple[type[Exception], ...] = (
    *(error for error in vars(native).values() if isinstance(error, type) and issubclass(error, Exception)),
    RuntimeError,
    ValueError,
)
"""Raised by a session; its errors have no common base of their own."""


def forget_content(session: Any) -> None:
    """Let a session free the bytes of its file, which it keeps for a second try that is not ours."""
    session._model_bytes = None  # noqa: SLF001

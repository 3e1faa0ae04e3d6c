import sys

import pytest

from onehot.output import program


@pytest.mark.parametrize(
    ("typed", "is_found", "shown"),
    [
        (".venv/bin/onehot", False, ".venv/bin/onehot"),
        ("/opt/own/bin/onehot", True, "onehot"),
        ("/opt/own/lib/onehot/__main__.py", False, "onehot"),
    ],
)
def test_a_command_is_shown_as_it_can_be_typed(monkeypatch, tmp_path, typed, is_found, shown):
    """By its path only where it has one that was typed, and a shell does not find its name."""
    if is_found:
        (tmp_path / "onehot").write_text("")
        (tmp_path / "onehot").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "argv", [typed, "up"])
    assert program() == shown

import re
import sys
from io import StringIO

import pytest

from onehot.progress import Style, epoch_line, epoch_screen


def event(epoch: int, epochs: int, **more: object) -> dict[str, object]:
    return {"epoch": epoch, "epochs": epochs, "metrics": {"loss": 0.25, "accuracy": 0.9}, **more}


@pytest.mark.parametrize(
    ("eta_s", "ending"), [(None, ""), (0.0, ""), (4.4, "  4 s left"), (90, "  1 min left"), (7300, "  2 h 1 min left")]
)
def test_an_epoch_is_one_line_with_the_time_that_is_left(eta_s, ending):
    """Numbers stand in one column from the first to the last epoch."""
    assert epoch_line(event(3, 20, eta_s=eta_s)) == f"epoch  3/20  loss 0.2500  accuracy 0.9000{ending}"


def test_many_epochs_are_thinned_out_where_there_is_no_terminal(capsys):
    """A log of 10 000 epochs has some 25 lines, with the first and the last epoch among them."""
    with epoch_screen(sys.stderr, waiting="starting") as show:
        for epoch in range(1, 10_001):
            show(event(epoch, 10_000))
    lines = capsys.readouterr().err.splitlines()
    assert (lines[0], len(lines)) == ("starting", 27)
    assert "epoch     1/10000" in lines[1]
    assert "epoch 10000/10000" in lines[-1]


class Terminal(StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """It is."""
        return True


def test_a_terminal_gets_a_bar_that_goes_and_lines_that_stay_where_they_are_asked_for(monkeypatch):
    """In 80 columns the bar, the epoch and the time that is left are always seen."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm")
    terminal = Terminal()
    with epoch_screen(terminal, waiting="starting", style=Style(["loss"], stays_on_terminals=True)) as show:
        show(event(1, 2, eta_s=4))
    shown = terminal.getvalue()
    assert "epoch 1/2  loss 0.2500  4 s left\n" in shown
    assert "━ epoch 1/2  4 s left" in re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown)

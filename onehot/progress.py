"""Progress of a training, epoch by epoch: a live bar on a terminal, plain lines elsewhere."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import IO, Any, Protocol

import click

from models.queue.events import fold_in_words
from onehot.output import short_number

__all__ = ["UNTRACKED", "ShowEpoch", "Style", "Tracker", "epoch_line", "epoch_screen"]


@dataclass(frozen=True, slots=True)
class Style:
    """What the screen shows of a training.

    Args:
        metrics: The names that are shown, in this order; None for all.
        indent: Stands before each line.
        lines: How many lines stay at most, about.
        stays_on_terminals: Whether lines stay above the bar of a terminal.
    """

    metrics: Sequence[str] | None = None
    indent: str = ""
    lines: int = 25
    stays_on_terminals: bool = False

    def keeps(self, event: Mapping[str, Any]) -> bool:
        """Whether an epoch gets a line that stays: the first, the last, and evenly many between them."""
        epoch, epochs = int(event.get("epoch", 0)), int(event.get("epochs", 0))
        return bool(event.get("stopped")) or epoch in (1, epochs) or epoch % (-(-epochs // self.lines) or 1) == 0


BAR_WIDTH = 12
GAPS_WIDTH = 4
PLAIN = Style()


ShowEpoch = Callable[[Mapping[str, Any]], None]
"""Shows an epoch: `epoch`, `epochs`, `metrics`, `eta_s`."""


class Tracker(Protocol):
    """Hears of a training that a command follows, and writes it elsewhere; raises nothing."""

    def epoch(self, event: Mapping[str, Any]) -> None:
        """Hear of an epoch, as `ShowEpoch` does."""

    def ended(self, end: Mapping[str, Any]) -> None:
        """Hear of the end: `status`, `result` and `error`, as a job's document has them."""


class _NullTracker:
    def epoch(self, event: Mapping[str, Any]) -> None:
        """Write nothing."""

    def ended(self, end: Mapping[str, Any]) -> None:
        """Write nothing."""


UNTRACKED: Tracker = _NullTracker()


def epoch_line(event: Mapping[str, Any], *, metrics: Sequence[str] | None = None) -> str:
    """One epoch in one line, with all its metrics or with those named."""
    return "  ".join([_place(event), *_metric_texts(event, metrics), *_left(event)])


def _place(event: Mapping[str, Any]) -> str:
    epoch, epochs = int(event.get("epoch", 0)), int(event.get("epochs", 0))
    return f"{fold_in_words(event)} epoch {epoch:>{len(str(epochs))}}/{epochs}".lstrip()


def _metric_texts(event: Mapping[str, Any], chosen: Sequence[str] | None) -> list[str]:
    metrics: Mapping[str, float] = event.get("metrics") or {}
    return [f"{name} {short_number(metrics[name])}" for name in (chosen or metrics) if name in metrics]


def _left(event: Mapping[str, Any]) -> list[str]:
    eta_s = event.get("eta_s")
    return [f"{_duration(float(eta_s))} left"] if eta_s else []


def _duration(seconds: float) -> str:
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    return f"{whole // 60} min" if whole < 3600 else f"{whole // 3600} h {whole % 3600 // 60} min"


@contextmanager
def epoch_screen(stream: IO[str], *, waiting: str, style: Style = PLAIN) -> Iterator[ShowEpoch]:
    """Open what fits the stream: a live bar on a terminal, else lines.

    Args:
        stream: Where it goes.
        waiting: What is shown until the first epoch.
        style: What is shown of an epoch.
    """
    if stream.isatty():
        with _bar(stream) as progress:
            task = progress.add_task(waiting, total=None)
            yield lambda event: _update_bar(progress, task, event, style)
    else:
        click.echo(f"{style.indent}{waiting}", file=stream)
        yield lambda event: _print_line(event, style, lambda line: click.echo(line, file=stream))


def _bar(stream: IO[str]) -> Any:
    from rich.console import Console  # noqa: PLC0415 -- only a terminal needs it
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn  # noqa: PLC0415
    from rich.table import Column  # noqa: PLC0415

    console = Console(file=stream)
    text_width = max(console.width - BAR_WIDTH - GAPS_WIDTH, BAR_WIDTH)
    one_line = Column(no_wrap=True, overflow="ellipsis", max_width=text_width)
    text = TextColumn("{task.description}", markup=False, table_column=one_line)
    columns = (SpinnerColumn(), BarColumn(BAR_WIDTH, table_column=Column(min_width=BAR_WIDTH)), text)
    return Progress(*columns, console=console, transient=True)


def _print_line(event: Mapping[str, Any], style: Style, write: Callable[[str], object]) -> None:
    if style.keeps(event):
        write(style.indent + epoch_line(event, metrics=style.metrics))


def _update_bar(progress: Any, task: Any, event: Mapping[str, Any], style: Style) -> None:
    if style.stays_on_terminals:
        _print_line(event, style, partial(progress.console.print, markup=False, highlight=False))
    # A narrow terminal cuts the end of the text.
    text = "  ".join([_place(event), *_left(event), *_metric_texts(event, style.metrics)])
    total = int(event.get("epochs", 0)) or None
    progress.update(task, description=text, completed=int(event.get("epoch", 0)), total=total)

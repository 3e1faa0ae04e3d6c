"""The pictures of a study as inline SVG: history, parallel coordinates, importance, learning curves by rung."""

import math
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from onehot.output import short_number

__all__ = ["history", "importance", "learning", "parallel"]

WIDTH, HEIGHT = 460, 270
LEFT, RIGHT, TOP, BOTTOM = 64, 20, 30, 44
TICKS = 4
MOST_LABEL, MOST_PATH, MOST_NAME = 12, 50, 36
CHARACTER = 6.6
"""About as wide as a character of a label is."""

Point = tuple[float, float]


def _svg(parts: Sequence[str], title: str, *, width: float = WIDTH, height: float = HEIGHT) -> str:
    return (
        f'<svg viewBox="0 0 {width:.0f} {height:.0f}" style="max-width:{width * 1.2:.0f}px" role="img" '
        f'aria-label="{escape(title, quote=True)}"><title>{escape(title)}</title>{"".join(parts)}</svg>'
    )


def _text(x: float, y: float, text: str, anchor: str = "middle") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" class="label">{escape(text)}</text>'


def _path(points: Sequence[Point], style: str) -> str:
    placed = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{placed}" fill="none" style="{style}"/>'


def _dot(point: Point, style: str, title: str) -> str:
    told = f"<title>{escape(title)}</title>"
    return f'<circle cx="{point[0]:.1f}" cy="{point[1]:.1f}" r="3" style="{style}">{told}</circle>'


def _scale(low: float, high: float, start: float, end: float) -> Any:
    """A function from values to places; equal ends stand in the middle."""
    span = high - low
    return lambda value: (start + end) / 2 if not span else start + (value - low) / span * (end - start)


def _frame(low: float, high: float, *, across: str, up: str, ticks: Sequence[tuple[float, str]]) -> Iterator[str]:
    """Grid lines with their values, ticks below, and the names and units of both axes."""
    place = _scale(low, high, HEIGHT - BOTTOM, TOP)
    for value in sorted({low + (high - low) * index / TICKS for index in range(TICKS + 1)}):
        y = place(value)
        yield f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" class="grid"/>'
        yield _text(LEFT - 6, y + 4, short_number(value), "end")
    for x, text in ticks:
        yield _text(x, HEIGHT - BOTTOM + 16, text)
    yield _text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6, across)
    yield _text(4, 12, up, "start")


def _ticks(count: int, place: Any) -> list[tuple[float, str]]:
    numbers = sorted({round((count - 1) * index / TICKS) for index in range(TICKS + 1)})
    return [(place(number), str(number)) for number in numbers]


def history(search: Mapping[str, Any]) -> str:
    """The value of each trial, and the best up to it."""
    known = [trial for trial in search["trials"] if trial["value"] is not None]
    if not known:
        return ""
    values = [trial["value"] for trial in known]
    across = _scale(0, max(len(search["trials"]) - 1, 1), LEFT + 8, WIDTH - RIGHT - 8)
    up = _scale(min(values), max(values), HEIGHT - BOTTOM, TOP)
    better = max if search["direction"] == "maximize" else min
    best = [better(values[: index + 1]) for index in range(len(values))]
    line = [(across(trial["number"]), up(value)) for trial, value in zip(known, best, strict=True)]
    dots = [_dot((across(trial["number"]), up(trial["value"])), _fill(trial), _in_words(trial)) for trial in known]
    ticks = _ticks(len(search["trials"]), across)
    frame = _frame(min(values), max(values), across="trial", up=search["objective"], ticks=ticks)
    told = f"the line is the best so far, at the end {short_number(best[-1])}; filled dots were trained to the end"
    title = f"{search['objective']} of {len(known)} trials in their order; {told}"
    return _svg([*frame, _path(line, "stroke:var(--second);stroke-width:2"), *dots], title)


def _fill(trial: Mapping[str, Any]) -> str:
    """Trials that were trained to the end are filled."""
    return f"fill:var({'--first' if trial['status'] == 'finished' else '--paper'});stroke:var(--first)"


def _in_words(trial: Mapping[str, Any]) -> str:
    value = short_number(trial["value"])
    return f"trial {trial['number']}: {value} after {trial['epochs']} epochs, {trial['status']}"


def _places(values: Sequence[Any]) -> tuple[list[float], str, str]:
    """Values between 0 and 1, by logarithm where they span decades, and the texts at both ends of their axis."""
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        low, high = min(values), max(values)
        by_log = low > 0 and high / low >= 10
        place = _scale(math.log(low), math.log(high), 0, 1) if by_log else _scale(low, high, 0, 1)
        return [place(math.log(one) if by_log else one) for one in values], _short(low), _short(high)
    names = sorted({str(value) for value in values})
    place = _scale(0, len(names) - 1, 0, 1)
    return [place(names.index(str(value))) for value in values], _short(names[0]), _short(names[-1])


def _short(value: object) -> str:
    text = short_number(value) if isinstance(value, float) else str(value)
    return text if len(text) <= MOST_LABEL else f"{text[: MOST_LABEL - 1]}…"


def parallel(search: Mapping[str, Any]) -> str:
    """A line for each trial through its parameters to its value; the better, the stronger."""
    known = [trial for trial in search["trials"] if trial["value"] is not None]
    if not known:
        return ""
    axes = [*known[0]["parameters"], search["objective"]]
    columns = [[trial["parameters"][path] for trial in known] for path in axes[:-1]]
    columns.append([trial["value"] for trial in known])
    row, width = 44, WIDTH
    across = _scale(0, 1, LEFT + 40, width - RIGHT - 60)
    parts, placed = [], []
    for index, (path, values) in enumerate(zip(axes, columns, strict=True)):
        y = 34 + index * row
        places, low, high = _places(values)
        placed.append([(across(place), float(y)) for place in places])
        parts.append(f'<line x1="{across(0):.1f}" y1="{y}" x2="{across(1):.1f}" y2="{y}" class="grid"/>')
        parts += [
            _text(across(0), y - 8, path if len(path) <= MOST_PATH else f"…{path[1 - MOST_PATH :]}", "start"),
            _text(across(0) - 6, y + 4, low, "end"),
        ]
        parts.append(_text(across(1) + 6, y + 4, high, "start"))
    ranks = _ranks([trial["value"] for trial in known], search["direction"])
    lines = [
        _path([axis[index] for axis in placed], _stroke(rank, len(known)))
        for rank, index in sorted(((rank, index) for index, rank in enumerate(ranks)), reverse=True)
    ]
    title = f"{len(known)} trials through {len(axes) - 1} parameters to {search['objective']}; the best stands out"
    return _svg(parts + lines, title, width=width, height=34 + row * len(axes))


def _stroke(rank: int, count: int) -> str:
    """The best in a colour of its own, the others the fainter the worse."""
    if not rank:
        return "stroke:var(--second);stroke-width:2.5"
    return f"stroke:var(--first);opacity:{0.15 + 0.6 * (1 - rank / count):.2f}"


def _ranks(values: Sequence[float], direction: str) -> list[int]:
    """The place of each value, 0 for the best."""
    order = sorted(range(len(values)), key=lambda index: values[index], reverse=direction == "maximize")
    return [order.index(index) for index in range(len(values))]


def importance(search: Mapping[str, Any]) -> str:
    """How much of the differences between trials each parameter explains."""
    shares = search.get("importances") or {}
    if not shares:
        return ""
    label = min(MOST_NAME, max(map(len, shares))) * CHARACTER
    scale, parts = WIDTH - label - 80, []
    for index, (path, share) in enumerate(sorted(shares.items(), key=lambda pair: -pair[1])):
        y = 8 + index * 24
        parts.append(_text(label, y + 12, path if len(path) <= MOST_NAME else f"…{path[1 - MOST_NAME :]}", "end"))
        parts.append(
            f'<rect x="{label + 8:.1f}" y="{y}" width="{max(1.0, scale * share):.1f}" height="16" class="bar"/>'
        )
        parts.append(_text(label + 14 + scale * share, y + 12, f"{share:.0%}", "start"))
    title = "share of each parameter in the differences between trials: " + ", ".join(
        f"{path} {share:.0%}" for path, share in shares.items()
    )
    return _svg(parts, title, height=12 + 24 * len(shares))


def learning(search: Mapping[str, Any]) -> str:
    """The objective of each trial, epoch by epoch; a line ends at the rung where its trial paused."""
    curves = {trial["number"]: _curve(trial) for trial in search["trials"]}
    curves = {number: curve for number, curve in curves.items() if curve}
    values = [value for curve in curves.values() for _, value in curve]
    if not values:
        return ""
    last = max(epoch for curve in curves.values() for epoch, _ in curve)
    across, up = _scale(1, last, LEFT, WIDTH - RIGHT), _scale(min(values), max(values), HEIGHT - BOTTOM, TOP)
    winner = (search.get("winner") or search.get("best") or {}).get("trial")
    lines = []
    for number, curve in sorted(curves.items(), key=lambda pair: pair[0] == winner):
        style = "stroke:var(--second);stroke-width:2.5" if number == winner else "stroke:var(--first);opacity:0.5"
        lines.append(_path([(across(epoch), up(value)) for epoch, value in curve], style))
        lines.append(_dot((across(curve[-1][0]), up(curve[-1][1])), style, f"trial {number}"))
    rungs = [f'<line x1="{across(rung):.1f}" y1="{TOP}" x2="{across(rung):.1f}" y2="{HEIGHT - BOTTOM}" class="ideal"/>'
             for rung in search["rungs"] if rung < last]  # fmt: skip
    ticks = [(across(epoch), str(epoch)) for epoch in sorted({1, *search["rungs"], last}) if epoch <= last]
    frame = _frame(min(values), max(values), across="epoch", up=search["objective"], ticks=ticks)
    told = f"dashed: the rungs after {', '.join(map(str, search['rungs']))} epochs"
    title = f"{search['objective']} of {len(curves)} trials by epoch; {told}"
    return _svg([*frame, *rungs, *lines], title)


def _curve(trial: Mapping[str, Any]) -> list[tuple[float, float]]:
    """Epochs and values of the first repeat, as far as it came; of a long training every so many epochs."""
    jobs = [job for job in trial["jobs"] if job["repeat"] == 0 and job["history"]]
    if not jobs:
        return []
    found = jobs[-1]["history"]
    step = max(1, -(-(jobs[-1]["epochs"] or 1) // len(found)))
    return [(1 + index * step, value) for index, value in enumerate(found) if value is not None]

"""The pictures of a report as inline SVG. Colours are CSS variables of the page, so that they follow light and dark."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from onehot.output import short_number

__all__ = [
    "BOTTOM",
    "HEIGHT",
    "Axes",
    "Point",
    "bars",
    "confusion",
    "curves",
    "draw_curve",
    "draw_line",
    "draw_text",
    "make_svg",
    "reliability",
    "short_name",
    "shown_number",
]

WIDTH, HEIGHT = 420, 260
LEFT, RIGHT, TOP, BOTTOM = 72, 26, 18, 38
SERIES = ("--first", "--second")
TICKS = 4
MOST_CELLS = 40

Point = tuple[float, float]


def make_svg(content: Iterable[str], title: str, *, width: int = WIDTH, height: int = HEIGHT) -> str:
    """A picture with its title, which those who do not see it hear."""
    body = "".join(content)
    return (
        f'<svg viewBox="0 0 {width} {height}" style="max-width:{width * 1.25:.0f}px" role="img" '
        f'aria-label="{escape(title, quote=True)}">'
        f"<title>{escape(title)}</title>{body}</svg>"
    )


def draw_text(x: float, y: float, text: str, *, anchor: str = "middle", name: str = "label") -> str:
    """Text at a place; `name` is its class."""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" class="{name}">{escape(text)}</text>'


def draw_line(start: Point, end: Point, name: str) -> str:
    """A straight line; `name` is its class."""
    return f'<line x1="{start[0]:.1f}" y1="{start[1]:.1f}" x2="{end[0]:.1f}" y2="{end[1]:.1f}" class="{name}"/>'


class Axes:
    """A plot's area: data in, pixels out."""

    def __init__(self, across: tuple[float, float], up: tuple[float, float]) -> None:
        self.across = across if across[1] > across[0] else (across[0] - 0.5, across[0] + 0.5)
        self.up = up if up[1] > up[0] else (up[0] - 0.5, up[0] + 0.5)

    def place(self, x: float, y: float) -> Point:
        """Where a value stands."""
        right, top = WIDTH - RIGHT, HEIGHT - BOTTOM
        return (
            LEFT + (x - self.across[0]) / (self.across[1] - self.across[0]) * (right - LEFT),
            top - (y - self.up[0]) / (self.up[1] - self.up[0]) * (top - TOP),
        )

    def frame(self, across_ticks: Sequence[float], name: str, name_up: str) -> list[str]:
        """Grid, numbers, and the names of both axes."""
        steps = [self.up[0] + (self.up[1] - self.up[0]) * index / TICKS for index in range(TICKS + 1)]
        parts = []
        for value in steps:
            (left, y), (right, _) = self.place(self.across[0], value), self.place(self.across[1], value)
            parts += [
                draw_line((left, y), (right, y), "grid"),
                draw_text(LEFT - 6, y + 4, f"{value:.3g}", anchor="end"),
            ]
        for value in across_ticks:
            parts.append(draw_text(self.place(value, 0)[0], HEIGHT - BOTTOM + 16, f"{value:.4g}"))
        middle = (TOP + HEIGHT - BOTTOM) / 2
        up = f'<g transform="translate(12,{middle:.0f}) rotate(-90)">{draw_text(0, 0, name_up)}</g>'
        return [*parts, up, draw_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 5, name)]


def curves(title: str, lines: Mapping[str, Sequence[float | None]], name: str, best_epoch: int | None = None) -> str:
    """One line for each series over the epochs, `name` beside the axis up; epochs without a number are gaps."""
    values = [value for line in lines.values() for value in line if value is not None]
    epochs = max((len(line) for line in lines.values()), default=0)
    if not values:
        return ""
    axes = Axes((1, epochs), (min(values), max(values)))
    ticks = sorted({1, *(round(1 + (epochs - 1) * index / TICKS) for index in range(TICKS + 1))})
    parts = axes.frame(ticks, "epoch", name)
    if best_epoch is not None:
        bottom, top = axes.place(best_epoch, axes.up[0]), axes.place(best_epoch, axes.up[1])
        parts.append(draw_line(bottom, top, "ideal"))
        parts.append(draw_text(WIDTH - RIGHT, 11, f"┆ best epoch: {best_epoch}", anchor="end"))
    for index, (series, line) in enumerate(lines.items()):
        points = [axes.place(epoch + 1, value) for epoch, value in enumerate(line) if value is not None]
        colour, left = SERIES[index % len(SERIES)], LEFT + 4 + 80 * index
        parts.append(draw_curve(points, colour))
        parts.append(f'<rect x="{left}" y="2" width="10" height="10" rx="2" style="fill:var({colour})"/>')
        parts.append(draw_text(left + 14, 11, series, anchor="start"))
    return make_svg(parts, title)


def draw_curve(points: Sequence[Point], colour: str, *, dashed: bool = False) -> str:
    """A line through points; one point alone is a dot."""
    if len(points) == 1:
        return f'<circle cx="{points[0][0]:.1f}" cy="{points[0][1]:.1f}" r="2.5" style="fill:var({colour})"/>'
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dashes = ";stroke-dasharray:6 3" if dashed else ""
    return f'<polyline points="{path}" class="curve" style="stroke:var({colour}){dashes}"/>'


def confusion(title: str, matrix: Sequence[Sequence[int]], names: Sequence[str]) -> str:
    """True classes down, predicted ones across; the darker, the larger the share of its row."""
    size, margin = max(18, min(44, 520 // max(len(names), 1))), 110
    side = margin + size * len(names) + 60
    parts = []
    for row, counts in enumerate(matrix):
        total = max(sum(counts), 1)
        y = margin + row * size
        parts.append(draw_text(margin - 6, y + size / 2 + 4, short_name(names[row]), anchor="end"))
        for column, count in enumerate(counts):
            parts += _cell(margin + column * size, y, size, count=count, share=count / total, right=row == column)
    for column, name in enumerate(names):
        x = margin + column * size + size / 2
        text = draw_text(0, 0, short_name(name), anchor="start")
        parts.append(f'<g transform="translate({x + 4:.1f},{margin - 6}) rotate(-60)">{text}</g>')
    return make_svg([*parts, draw_text(4, 14, "true ↓   predicted →", anchor="start")], title, width=side, height=side)


def _cell(x: float, y: float, size: int, *, count: int, share: float, right: bool) -> list[str]:
    colour = "--right" if right else "--wrong"
    cell = f'<rect x="{x}" y="{y}" width="{size - 1}" height="{size - 1}" class="cell"/>'
    if not count:
        return [cell]
    style = f"fill:var({colour});opacity:{0.15 + 0.85 * share:.2f}"
    shade = f'<rect x="{x}" y="{y}" width="{size - 1}" height="{size - 1}" style="{style}"/>'
    name = "strong" if share > 0.5 else "label"
    return [cell, shade, draw_text(x + (size - 1) / 2, y + size / 2 + 4, str(count), name=name)]


def reliability(title: str, bins: Sequence[Mapping[str, Any]]) -> str:
    """Accuracy over confidence; on the diagonal, confidence is what it says."""
    axes = Axes((0, 1), (0, 1))
    parts = axes.frame([0, 0.25, 0.5, 0.75, 1], "confidence (probability)", "accuracy (share of rows)")
    for one in bins:
        if one["rows"]:
            (left, top), (right, _) = axes.place(one["lower"], one["accuracy"]), axes.place(one["upper"], 0)
            bottom = axes.place(0, 0)[1]
            parts.append(
                f'<rect x="{left + 1:.1f}" y="{top:.1f}" width="{right - left - 2:.1f}" '
                f'height="{bottom - top:.1f}" class="bar"><title>{one["rows"]} rows: '
                f"confidence {one['confidence']:.3f}, accuracy {one['accuracy']:.3f}</title></rect>"
            )
            parts.append(draw_text((left + right) / 2, bottom - 5, str(one["rows"]), name="inside"))
    return make_svg([*parts, draw_line(axes.place(0, 0), axes.place(1, 1), "ideal")], title)


def bars(title: str, counts: Mapping[str, Mapping[str, int]]) -> str:
    """How many rows of each part a class has: its share of the part, the number beside it."""
    names = list(next(iter(counts.values()), {}))[:MOST_CELLS]
    height, room = 20, 300
    parts = []
    for index, name in enumerate(names):
        y = 24 + index * height
        numbers = [part.get(name, 0) for part in counts.values()]
        shares = [number / max(sum(part.values()), 1) for number, part in zip(numbers, counts.values(), strict=True)]
        parts.append(draw_text(104, y + 11, short_name(name), anchor="end"))
        parts.append(f'<rect x="110" y="{y}" width="{max(1, room * shares[0]):.1f}" height="13" class="bar"/>')
        parts.append(draw_text(116 + room * shares[0], y + 11, " · ".join(map(str, numbers)), anchor="start"))
    parts.append(draw_text(110, 12, " · ".join(counts), anchor="start"))
    return make_svg(parts, title, width=110 + room + 130, height=30 + height * len(names))


def short_name(name: str) -> str:
    """A name that has room beside a picture."""
    return name if len(name) <= 16 else f"{name[:15]}…"


def shown_number(value: object) -> str:
    """A number of a table; a dash where there is none."""
    if value is None:
        return "–"
    return short_number(value) if isinstance(value, float) else str(value)

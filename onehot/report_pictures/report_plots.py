"""Pictures of a report with two axes of numbers: curves of scores, numbers over numbers, histograms, bars."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from onehot.report_pictures.report_charts import (
    BOTTOM,
    HEIGHT,
    Axes,
    Point,
    draw_curve,
    draw_line,
    draw_text,
    make_svg,
    short_name,
    shown_number,
)

__all__ = ["chosen_caption", "histogram", "importances", "predicted_against_true", "score_curves"]

COLOURS = ("--first", "--second", "--third", "--fourth", "--fifth")
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
LEGEND_ROW, LEGEND_NAMES = 18, 2


def score_curves(title: str, lines: Sequence[Mapping[str, Any]], names: tuple[str, str], *, diagonal: bool) -> str:
    """Curves from 0 to 1 on both axes, a ring where the threshold is, and their names below.

    Args:
        title: Of the picture, for those who do not see it as well.
        lines: As the report has them under `curves`.
        names: Of the axis across and the axis up.
        diagonal: Whether a line shows what guessing gives.
    """
    axes = Axes((0, 1), (0, 1))
    parts = axes.frame(SHARES, *names)
    if diagonal:
        parts.append(draw_line(axes.place(0, 0), axes.place(1, 1), "ideal"))
    for index, line in enumerate(lines):
        colour = COLOURS[index % len(COLOURS)]
        parts.append(draw_curve([axes.place(x, y) for x, y in line["points"]], colour, dashed=index >= len(COLOURS)))
        if line["chosen"] is not None:
            parts.append(_ring(axes.place(*line["chosen"]), colour, f"threshold {line['threshold']:g}"))
        parts += _legend(index, f"{short_name(line['class'])}: area {shown_number(line['area'])}", colour)
    rows = -(-len(lines) // LEGEND_NAMES)
    return make_svg(parts, title, height=HEIGHT + 8 + LEGEND_ROW * rows)


def chosen_caption(lines: Sequence[Mapping[str, Any]]) -> str:
    """What a ring in the curves stands for, where there is one."""
    return "; the ring: the chosen threshold" if any(line["chosen"] is not None for line in lines) else ""


def _ring(place: Point, colour: str, title: str) -> str:
    return (
        f'<circle cx="{place[0]:.1f}" cy="{place[1]:.1f}" r="5" class="ring" style="stroke:var({colour})">'
        f"<title>{escape(title)}</title></circle>"
    )


def _legend(index: int, name: str, colour: str) -> list[str]:
    row, column = divmod(index, LEGEND_NAMES)
    x, y = 14 + 204 * column, HEIGHT + 6 + LEGEND_ROW * row
    mark = f'<rect x="{x}" y="{y}" width="10" height="10" rx="2" style="fill:var({colour})"/>'
    return [mark, draw_text(x + 15, y + 9, name, anchor="start")]


def predicted_against_true(title: str, points: Sequence[Point]) -> str:
    """A point for each row; on the diagonal, predicted is true."""
    values = [value for point in points for value in point]
    span = (min(values), max(values))
    axes = Axes(span, span)
    parts = axes.frame(
        [span[0], sum(span) / 2, span[1]], "true, in the target's unit", "predicted, in the target's unit"
    )
    parts.append(draw_line(axes.place(span[0], span[0]), axes.place(span[1], span[1]), "ideal"))
    for true, predicted in points:
        x, y = axes.place(true, predicted)
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2" class="point"/>')
    return make_svg(parts, title)


def histogram(title: str, edges: Sequence[float], rows: Sequence[int], names: tuple[str, str]) -> str:
    """Rows by number.

    Args:
        title: Of the picture.
        edges: Of the bins, one more than these.
        rows: In each bin.
        names: Of the axis across and the axis up.
    """
    axes = Axes((edges[0], edges[-1]), (0, max(rows)))
    parts = axes.frame([edges[0], edges[len(rows) // 2], edges[-1]], *names)
    bottom = HEIGHT - BOTTOM
    for left, right, count in zip(edges, edges[1:], rows, strict=False):
        (x, y), (end, _) = axes.place(left, count), axes.place(right, 0)
        parts.append(
            f'<rect x="{x + 0.5:.1f}" y="{y:.1f}" width="{max(end - x - 1, 0.5):.1f}" '
            f'height="{bottom - y:.1f}" class="bar"><title>{count} rows</title></rect>'
        )
    return make_svg(parts, title)


def importances(title: str, found: Sequence[Mapping[str, Any]], unit: str) -> str:
    """A bar for each column, with the spread of its repeats.

    Args:
        title: Of the picture.
        found: Columns with `column`, `mean` and `deviation`.
        unit: Of the numbers.
    """
    room, row, left = 170, 20, 120
    largest = max([one["mean"] + one["deviation"] for one in found] + [1e-12])
    parts = []
    for index, one in enumerate(found):
        y, length = 6 + row * index, room * max(one["mean"], 0) / largest
        reach = room * max(one["mean"] + one["deviation"], 0) / largest
        parts.append(draw_text(left - 8, y + 11, short_name(one["column"]), anchor="end"))
        parts.append(f'<rect x="{left}" y="{y}" width="{max(1, length):.1f}" height="13" class="bar"/>')
        parts.append(draw_line((left + length, y + 6.5), (left + reach, y + 6.5), "whisker"))
        text = f"{shown_number(one['mean'])} ± {shown_number(one['deviation'])}"
        parts.append(draw_text(left + reach + 6, y + 11, text, anchor="start"))
    bottom = 22 + row * len(found)
    return make_svg([*parts, draw_text(left, bottom, unit, anchor="start")], title, height=bottom + 10)

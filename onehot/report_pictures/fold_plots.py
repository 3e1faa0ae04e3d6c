"""The picture of a cross-validation: every score as a point, and their mean with its interval."""

from collections.abc import Mapping, Sequence
from typing import Any

from onehot.report_pictures.report_charts import draw_line, draw_text, make_svg, shown_number

__all__ = ["fold_points"]

LEFT, ROOM, ROW = 96, 260, 44


def fold_points(name: str, summary: Mapping[str, float], scores: Sequence[Mapping[str, Any]]) -> str:
    """One line for each repeat, a point for each of its folds; below them mean and interval."""
    values = [one["metrics"][name] for one in scores]
    low, high = min(*values, summary["lower"]), max(*values, summary["upper"])
    span = (high - low) or 1.0
    repeats = sorted({one["repeat"] for one in scores})
    parts = []
    for index, repeat in enumerate(repeats):
        y = 18 + ROW / 2 * index
        parts.append(draw_text(LEFT - 12, y + 4, f"repeat {repeat}", anchor="end"))
        for one in scores:
            if one["repeat"] == repeat:
                x = LEFT + ROOM * (one["metrics"][name] - low) / span
                parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" class="point"/>')
    y = 18 + ROW / 2 * len(repeats) + 4
    left, middle, right = (LEFT + ROOM * (summary[key] - low) / span for key in ("lower", "mean", "upper"))
    parts += [draw_line((left, y), (right, y), "whisker"), draw_line((middle, y - 6), (middle, y + 6), "whisker")]
    parts.append(draw_text(LEFT - 12, y + 4, "mean, interval", anchor="end"))
    parts += [draw_text(LEFT, y + 24, shown_number(low)), draw_text(LEFT + ROOM, y + 24, shown_number(high))]
    title = f"{name} of each fold, and their mean with its interval of 95 %"
    return make_svg(parts, title, width=LEFT + ROOM + 40, height=round(y + 34))

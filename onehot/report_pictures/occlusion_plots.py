"""An image with what happens to its prediction where it is covered, as a report has it under `occlusion`."""

from collections.abc import Mapping
from html import escape
from typing import Any

from onehot.report_pictures.report_charts import make_svg, shown_number

__all__ = ["occlusion_map"]

SIDE = 128
STRONGEST = 0.75


def occlusion_map(found: Mapping[str, Any], name: str) -> str:
    """The image, and over it a colour for each place: the stronger, the more the probability changes without it.

    Args:
        found: One of `pictures`.
        name: Of its row.
    """
    drops = found["drops"]
    rows, columns = len(drops), len(drops[0])
    unit = SIDE / max(rows, columns)
    width, height = columns * unit, rows * unit
    most = max(abs(drop) for line in drops for drop in line) or 1.0
    parts = []
    if "image" in found:
        parts.append(
            f'<image href="data:image/png;base64,{escape(found["image"])}" width="{width:.1f}" height="{height:.1f}" '
            'preserveAspectRatio="none" class="pixels"/>'
        )
    for row, line in enumerate(drops):
        for column, drop in enumerate(line):
            parts.append(_place(column * unit, row * unit, unit, drop, most))
    title = (
        f"occlusion map of {name}: taken for {found['predicted']} with {shown_number(found['probability'])}; "
        f"covering one place changes that by at most {shown_number(-max(_all_of(drops), key=abs))}"
    )
    return make_svg(parts, title, width=round(width), height=round(height))


def _all_of(drops: list[list[float]]) -> list[float]:
    """All of them in one list."""
    return [drop for line in drops for drop in line]


def _place(x: float, y: float, unit: float, drop: float, most: float) -> str:
    colour = "--wrong" if drop > 0 else "--first"
    style = f"fill:var({colour});opacity:{STRONGEST * abs(drop) / most:.2f}"
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{unit:.1f}" height="{unit:.1f}" style="{style}">'
        f"<title>{-drop:+.3f}</title></rect>"
    )

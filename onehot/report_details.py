"""The sections of a report's page beyond metrics; each is left out where a report, as an older one, has none."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from onehot.report_pictures.report_charts import make_svg, shown_number
from onehot.report_pictures.report_plots import (
    chosen_caption,
    histogram,
    importances,
    predicted_against_true,
    score_curves,
)

__all__ = [
    "curve_figures",
    "figure",
    "importance_section",
    "interval_text",
    "network_section",
    "pictures",
    "residual_section",
    "row_image",
    "section",
    "suspects_section",
    "table",
]

ROC = ("false positive rate (share of the other rows)", "true positive rate")
RECALL = ("recall (share of the class's rows)", "precision (share)")


def section(title: str, body: str) -> str:
    """A part of the page under its heading; nothing where it is empty."""
    return f"<h2>{escape(title)}</h2>{body}" if body else ""


def table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table of text and numbers."""
    head = "".join(f"<th>{escape(heading)}</th>" for heading in headings)
    body = "".join("<tr>" + "".join(f"<td>{escape(shown_number(cell))}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<div class="scroll"><table><tr>{head}</tr>{body}</table></div>'


def figure(caption: str, picture: str) -> str:
    """A picture with its caption; nothing where there is no picture."""
    return f"<figure><figcaption>{escape(caption)}</figcaption>{picture}</figure>" if picture else ""


def pictures(figures: Sequence[str]) -> str:
    """Figures side by side."""
    return f'<div class="pictures">{"".join(figures)}</div>' if any(figures) else ""


def interval_text(interval: Mapping[str, Any] | None) -> str:
    """The bounds of an interval; a dash without one."""
    return "–" if not interval else f"{shown_number(interval['lower'])} – {shown_number(interval['upper'])}"


def curve_figures(report: Mapping[str, Any]) -> list[str]:
    """ROC and precision-recall curves."""
    found = report.get("curves") or {}
    roc, recall = found.get("roc") or [], found.get("precision_recall") or []
    if not roc:
        return []
    return [
        figure(f"ROC{chosen_caption(roc)}", score_curves("ROC curves by class", roc, ROC, diagonal=True)),
        figure(
            f"precision and recall{chosen_caption(recall)}",
            score_curves("precision-recall curves by class", recall, RECALL, diagonal=False),
        ),
    ]


def residual_section(found: Sequence[Mapping[str, Any]] | None) -> str:
    """Predicted against true, and the residuals, of each output."""
    figures = []
    for index, one in enumerate(found or ()):
        name = f"output {index}: " if len(found or ()) > 1 else ""
        title, names = f"{name}predicted against true", ("predicted - true, in the target's unit", "held-out rows")
        figures.append(figure(f"{title}; R² {shown_number(one['r2'])}", predicted_against_true(title, one["points"])))
        figures.append(figure(f"{name}residuals", histogram(f"{name}residuals", one["edges"], one["rows"], names)))
    return section("Residuals", pictures(figures))


def importance_section(found: Mapping[str, Any] | None) -> str:
    """What each column is worth to the served model."""
    if not found or not found["columns"]:
        return ""
    unit = f"loss of {found['metric']} when the column is shuffled"
    caption = f"{unit}: mean ± deviation of {found['repeats']} shuffles of {found['rows']} held-out rows"
    return section("Importance of columns", pictures([figure(caption, importances("permutation importance by column",
                                                                                found["columns"], unit))]))  # fmt: skip


def row_image(name: str, png: str) -> str:
    """A small picture of the data, enlarged, with the pixels that it has.

    Args:
        name: Of its row.
        png: The file in base64.
    """
    image = f'<image href="data:image/png;base64,{escape(png)}" width="96" height="96" class="pixels"/>'
    return make_svg([image], f"picture of {name}", width=96, height=96)


def suspects_section(found: Mapping[str, Any] | None) -> str:
    """Rows whose label may be wrong."""
    if not found or not found["suspects"]:
        return ""
    rows = [(one["row_name"], one["part"], one["label"], one["likely"], one["label_probability"])
            for one in found["suspects"]]  # fmt: skip
    text = (
        f"{found['count']} of {found['rows']} validation and test rows, which the network was not trained on; of these"
    )
    head = ("row of the data", "part", "label", "likely", "probability of the label")
    return section("Labels that may be wrong", f'<p class="soft">{escape(text)}</p>{table(head, rows)}')


def network_section(found: Mapping[str, Any] | None) -> str:
    """Layers with shapes and parameters."""
    if not found:
        return ""
    rows = [(one["name"], one["class"], _shape(one["output_shape"]), one["parameters"]) for one in found["layers"]]
    more = found["layer_count"] - len(rows)
    rows += [(f"… {more} more", "", "", "")] if more else []
    rows.append(("all", "", "", found["parameters"]))
    return section("Network", table(("layer", "class", "output (without the batch axis)", "parameters"), rows))


def _shape(shape: Sequence[int | None] | None) -> str:
    return "–" if shape is None else " × ".join("?" if size is None else str(size) for size in shape)

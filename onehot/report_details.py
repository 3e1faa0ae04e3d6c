"""The sections of a report's page beyond metrics; each is left out where a report, as an older one, has none."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from onehot.report_pictures.fold_plots import fold_points
from onehot.report_pictures.occlusion_plots import occlusion_map
from onehot.report_pictures.report_charts import make_svg, shown_number
from onehot.report_pictures.report_plots import (
    chosen_caption,
    histogram,
    importances,
    predicted_against_true,
    score_curves,
)

__all__ = [
    "cross_validation_section",
    "curve_figures",
    "figure",
    "importance_section",
    "interval_text",
    "network_section",
    "occlusion_section",
    "pictures",
    "residual_section",
    "row_image",
    "section",
    "suspects_section",
    "table",
]

MOST_METRICS, MOST_SCORES = 8, 100
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


def cross_validation_section(found: Mapping[str, Any] | None) -> str:
    """Mean, deviation and interval of each metric, and what each fold measured; nothing without folds."""
    if not found or not found.get("metrics"):
        return ""
    metrics, scores = found["metrics"], found["scores"]
    rows = [(name, one["mean"], one["deviation"], interval_text(one)) for name, one in metrics.items()]
    means = table(("", "mean", "deviation", "95 % interval of the mean"), rows)
    charts = [figure(f"{name}: a point for each training, the mean and its interval", fold_points(name, one, scores))
              for name, one in list(metrics.items())[:MOST_METRICS]]  # fmt: skip
    text = f'<p class="soft">{escape(_fold_sentence(found))}</p>'
    return section("Cross-validation", text + means + pictures(charts) + _every_score(found))


def _fold_sentence(found: Mapping[str, Any]) -> str:
    folds, repeats = found.get("folds"), found.get("repeats") or 1
    what = f"{folds} folds" if folds else "the same split"
    times = f", {repeats} times with another seed" if repeats > 1 else ""
    groups = f"; rows of one {found['groups']} stay together" if found.get("groups") else ""
    return (
        f"{what}{times}{groups}: measured on {found['rows']} {'rows' if folds else 'validation rows'} that are not "
        f"held out. Interval: {found['method']}. The published version is another network, trained as the spec says."
    )


def _every_score(found: Mapping[str, Any]) -> str:
    """Every score in a table."""
    names = list(found["metrics"])
    rows = [(one["repeat"], one["fold"], one["rows"], one["epochs"], *(one["metrics"].get(name) for name in names))
            for one in found["scores"][:MOST_SCORES]]  # fmt: skip
    return table(("repeat", "fold", "rows", "epochs", *names), rows)


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


def occlusion_section(found: Mapping[str, Any] | None) -> str:
    """Where images are looked at by the served model; said in words where they are too large."""
    if not found:
        return ""
    sentence = (
        "Red: the probability of the predicted class falls when a grey patch lies there; blue: it rises. The strongest "
        "colour of each image is its largest change."
    )
    left_out = f" Left out: {found['left_out']}." if found.get("left_out") else ""
    images = [figure(_occlusion_caption(one), occlusion_map(one, str(one["row_name"]))) for one in found["pictures"]]
    text = f'<p class="soft">{escape(sentence if images else "")}{escape(left_out)}</p>'
    gallery = f'<div class="gallery">{"".join(images)}</div>' if images else ""
    return section("Where it looks", text + gallery)


def _occlusion_caption(one: Mapping[str, Any]) -> str:
    what = one["true"] if one["true"] == one["predicted"] else f"{one['true']}, taken for {one['predicted']}"
    return f"{one['row_name']}: {what} ({shown_number(one['probability'])})"


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

"""A version's report as one HTML page that needs nothing else: no script, no font, no image from another site."""

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from models.names import THRESHOLD
from models.store.gate_verdict import gate_verdict
from onehot.output import passed_over_sentences
from onehot.report_details import (
    cross_validation_section,
    curve_figures,
    figure,
    importance_section,
    interval_text,
    network_section,
    occlusion_section,
    pictures,
    residual_section,
    row_image,
    section,
    suspects_section,
    table,
)
from onehot.report_pictures.report_charts import bars, confusion, curves, reliability, shown_number

__all__ = ["STYLE", "report_page"]

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
STYLE = Path(__file__).with_suffix(".css").read_text("utf-8")


def report_page(manifest: Mapping[str, Any], report: Mapping[str, Any]) -> str:
    """Make the page.

    Args:
        manifest: The version's manifest as plain values.
        report: Its `report.json`.
    """
    title = f"{manifest['model']} version {manifest['version']}"
    sections = [
        _head(title, manifest, report), _warnings(report.get("warnings") or []), _metrics(report),
        cross_validation_section(report.get("cross_validation")), _baseline(report.get("baseline")),
        _gate(report.get("gate")), _learning(report), _classes(report), residual_section(report.get("residuals")),
        importance_section(report.get("importance")), _balance(report), _mistakes(report.get("mistakes") or []),
        occlusion_section(report.get("occlusion")),
        suspects_section(report.get("label_errors")), network_section(report.get("network")),
        _timings(report.get("timings_s") or {}),
    ]  # fmt: skip
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>{''.join(sections)}</body></html>\n"
    )


def _head(title: str, manifest: Mapping[str, Any], report: Mapping[str, Any]) -> str:
    parity = report.get("parity") or {}
    facts = [
        " · ".join(_known_facts(manifest, report)),
        *_origin(report),
        f"served as {'imported' if report.get('imported') else 'trained'}: largest difference to Keras "
        f"{shown_number(parity.get('largest_difference'))} on {parity.get('rows', 0)} "
        f"{'random' if report.get('imported') else 'held-out'} rows",
    ]
    facts += passed_over_sentences((report.get("data") or {}).get("passed_over") or {})
    if report.get("threshold") not in (None, THRESHOLD):
        facts.append(f"threshold {_threshold_text(report)}")
    if report.get("added_activation"):
        facts.append(f"{report['added_activation']} added behind the last layer: the loss takes logits")
    return f"<h1>{escape(title)}</h1>" + "".join(f'<p class="soft">{escape(fact)}</p>' for fact in facts)


def _threshold_text(report: Mapping[str, Any]) -> str:
    """The number, or one for each label."""
    found = report["threshold"]
    if not isinstance(found, list):
        return str(found)
    return ", ".join(f"{name} {one}" for name, one in zip(report["class_names"], found, strict=False))


def _known_facts(manifest: Mapping[str, Any], report: Mapping[str, Any]) -> list[str]:
    """Task, backend, seed and time, as far as they are known; a network from elsewhere has an unknown seed."""
    seed = None if report.get("imported") else manifest.get("seed")
    facts = [manifest["task"], manifest.get("backend"), None if seed is None else f"seed {seed}"]
    return [str(fact) for fact in (*facts, manifest["created_at"]) if fact is not None]


def _origin(report: Mapping[str, Any]) -> list[str]:
    """The file that was imported and the data, as far as they are known."""
    data, imported = report["data"], report.get("imported")
    found = [f"imported from {imported}"] if imported else []
    if imported and not report["parts"]:
        return [*found, "not measured: no data was given"]
    digest = f" · sha-256 {data['sha256']}" if data.get("sha256") else ""
    return [*found, f"data {data['source']}{digest}"] if data.get("source") else found


def _metrics(report: Mapping[str, Any]) -> str:
    parts = report["parts"]
    if not parts:
        return ""
    names = list(next(iter(parts.values()))["metrics"])
    rows: list[list[object]] = [[name, *(part["metrics"].get(name) for part in parts.values())] for name in names]
    if report.get("roc_auc") is not None:
        rows.append(["ROC-AUC, mean of classes", *[None] * (len(parts) - 1), report["roc_auc"]])
    if report.get("calibration"):
        rows.append(["calibration error (ECE)", *[None] * (len(parts) - 1), report["calibration"]["ece"]])
    headings = ["", *(f"{name} ({part['rows']} rows)" for name, part in parts.items())]
    intervals = report.get("intervals") or {}
    if not intervals:
        return section("Metrics", table(headings, rows))
    known = {**dict.fromkeys(names), "roc_auc": None}
    rows += [[name, *[None] * (len(parts) - 1), one["value"]] for name, one in intervals.items() if name not in known]
    bounds = [intervals.get("roc_auc" if str(row[0]).startswith("ROC-AUC") else str(row[0])) for row in rows]
    rows = [[*row, interval_text(one)] for row, one in zip(rows, bounds, strict=True)]
    return section("Metrics", table([*headings, "95 % interval (test)"], rows))


def _warnings(warnings: Sequence[str]) -> str:
    return section("Warnings", "".join(f'<p class="fails">{escape(warning)}</p>' for warning in warnings))


def _baseline(baseline: Mapping[str, Any] | None) -> str:
    if baseline is None:
        return ""
    answer, linear = baseline.get("answer"), baseline.get("linear")
    rows: list[Sequence[object]] = [("this network", baseline["model"])]
    if linear is not None:
        rows.append((f"{linear['method']} on {linear['rows']} training rows", linear["value"]))
    constant = "always the mean of the training rows, or the value that most of them have"
    rows.append((constant if answer is None else f"always {answer}", baseline["majority"]))
    return section("Without a network", table(("", f"{baseline['metric']} (test)"), rows))


def _gate(gate: Mapping[str, Any] | None) -> str:
    if gate is None:
        return ""
    sentence = gate_verdict(gate)
    verdict = (
        f'<p class="fails">It does not hold. {escape(sentence)}</p>' if sentence else '<p class="holds">It holds.</p>'
    )
    rows = [(one["rule"], one["expected"], one["received"], "yes" if one["holds"] else "no", one.get("note", ""))
            for one in gate["checks"]]  # fmt: skip
    return section(f"Gate: {gate['metric']}", verdict + table(("rule", "expected", "received", "holds", ""), rows))


def _learning(report: Mapping[str, Any]) -> str:
    history = report["history"]
    names = [name for name in history[0] if not name.startswith("val_")] if history else []
    figures, best = [], report.get("best_epoch") or {}
    for name in names:
        lines = {"train": [epoch.get(name) for epoch in history]}
        if f"val_{name}" in history[0]:
            lines["validation"] = [epoch.get(f"val_{name}") for epoch in history]
        figures.append(figure(name, curves(f"{name} by epoch", lines, name, best.get("epoch"))))
    return section("Learning curves", pictures(figures))


def _classes(report: Mapping[str, Any]) -> str:
    classes = report.get("classes") or []
    rows = [(c["name"], c["precision"], c["recall"], c["f1"], c.get("roc_auc"), c["support"]) for c in classes]
    scores = table(("class", "precision", "recall", "F1", "ROC-AUC", "rows"), rows) if rows else ""
    figures = curve_figures(report)
    if report.get("confusion_matrix") and len(classes) <= 40:
        matrix = confusion("confusion matrix", report["confusion_matrix"], report["class_names"])
        figures.append(figure("confusion", matrix))
    if report.get("calibration"):
        ece = report["calibration"]["ece"]
        caption = f"reliability: accuracy of the held-out rows by confidence; ECE {shown_number(ece)}"
        figures.append(figure(caption, reliability("reliability diagram", report["calibration"]["bins"])))
    return section("Held-out rows by class", scores + pictures(figures))


def _balance(report: Mapping[str, Any]) -> str:
    counts = {name: part["class_counts"] for name, part in report["parts"].items() if part.get("class_counts")}
    figures = [figure("rows of each class", bars("class balance", counts))] if counts else []
    return section("Class balance", pictures(figures))


def _mistakes(found: Sequence[Mapping[str, Any]]) -> str:
    rows = [(_row_name(one), one["true"], one["predicted"], one["probability"], *_values_text(one)) for one in found]
    where = "row of the data" if any("source_row" in one for one in found) else "held-out row"
    more = ("the row itself",) if any("values" in one for one in found) else ()
    body = table((where, "true", "predicted", "probability", *more), rows) if rows else ""
    body = f'<div class="cells">{body}</div>' if more else body
    images = [figure(f"{_row_name(one)}: {one['true']}, taken for {one['predicted']}",
                     row_image(f"{_row_name(one)}", one["image"])) for one in found if "image" in one]  # fmt: skip
    gallery = f'<div class="gallery">{"".join(images)}</div>' if images else ""
    return section("Most confidently wrong", body + gallery)


def _values_text(mistake: Mapping[str, Any]) -> list[str]:
    """The cells of a row with their columns' names; none where it was no row of a table."""
    values = mistake.get("values")
    return [] if values is None else [", ".join(f"{name}: {_shown_cell(cell)}" for name, cell in values.items())]


def _shown_cell(cell: object) -> str:
    return f"{cell:.6g}" if isinstance(cell, float) else shown_number(cell)


def _row_name(mistake: Mapping[str, Any]) -> object:
    """As an editor counts it; older reports have only the place, from 0."""
    place = mistake.get("source_row", mistake["row"]) + 1
    return mistake.get("row_name", place)


def _timings(seconds: Mapping[str, float]) -> str:
    return section("Seconds", table(tuple(seconds), [tuple(seconds.values())]) if seconds else "")

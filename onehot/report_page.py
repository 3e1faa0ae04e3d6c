"""A version's report as one HTML page that needs nothing else: no script, no font, no image from another site."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from models.names import THRESHOLD
from models.store.gate_verdict import gate_verdict
from onehot.output import passed_over_sentences
from onehot.report_charts import bars, confusion, curves, reliability, shown_number

__all__ = ["STYLE", "report_page"]

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
        _baseline(report.get("baseline")), _gate(report.get("gate")), _learning(report),
        _classes(report), _balance(report), _mistakes(report.get("mistakes") or []),
        _timings(report.get("timings_s") or {}),
    ]  # fmt: skip
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
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


def _section(title: str, body: str) -> str:
    return f"<h2>{escape(title)}</h2>{body}" if body else ""


def _table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    head = "".join(f"<th>{escape(heading)}</th>" for heading in headings)
    body = "".join("<tr>" + "".join(f"<td>{escape(shown_number(cell))}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<div class="scroll"><table><tr>{head}</tr>{body}</table></div>'


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
    return _section("Metrics", _table(headings, rows))


def _warnings(warnings: Sequence[str]) -> str:
    return _section("Warnings", "".join(f'<p class="fails">{escape(warning)}</p>' for warning in warnings))


def _baseline(baseline: Mapping[str, Any] | None) -> str:
    if baseline is None:
        return ""
    answer, linear = baseline.get("answer"), baseline.get("linear")
    rows: list[Sequence[object]] = [("this network", baseline["model"])]
    if linear is not None:
        rows.append((f"{linear['method']} on {linear['rows']} training rows", linear["value"]))
    constant = "always the mean of the training rows, or the value that most of them have"
    rows.append((constant if answer is None else f"always {answer}", baseline["majority"]))
    return _section("Without a network", _table(("", f"{baseline['metric']} (test)"), rows))


def _gate(gate: Mapping[str, Any] | None) -> str:
    if gate is None:
        return ""
    sentence = gate_verdict(gate)
    verdict = (
        f'<p class="fails">It does not hold. {escape(sentence)}</p>' if sentence else '<p class="holds">It holds.</p>'
    )
    rows = [(one["rule"], one["expected"], one["received"], "yes" if one["holds"] else "no", one.get("note", ""))
            for one in gate["checks"]]  # fmt: skip
    return _section(f"Gate: {gate['metric']}", verdict + _table(("rule", "expected", "received", "holds", ""), rows))


def _learning(report: Mapping[str, Any]) -> str:
    history = report["history"]
    names = [name for name in history[0] if not name.startswith("val_")] if history else []
    pictures = []
    for name in names:
        lines = {"train": [epoch.get(name) for epoch in history]}
        if f"val_{name}" in history[0]:
            lines["validation"] = [epoch.get(f"val_{name}") for epoch in history]
        pictures.append(_figure(name, curves(f"{name} by epoch", lines)))
    return _section("Learning curves", _pictures(pictures))


def _figure(caption: str, picture: str) -> str:
    return f"<figure><figcaption>{escape(caption)}</figcaption>{picture}</figure>" if picture else ""


def _pictures(figures: Sequence[str]) -> str:
    return f'<div class="pictures">{"".join(figures)}</div>' if any(figures) else ""


def _classes(report: Mapping[str, Any]) -> str:
    classes = report.get("classes") or []
    rows = [(c["name"], c["precision"], c["recall"], c["f1"], c.get("roc_auc"), c["support"]) for c in classes]
    table = _table(("class", "precision", "recall", "F1", "ROC-AUC", "rows"), rows) if rows else ""
    figures = []
    if report.get("confusion_matrix") and len(classes) <= 40:
        matrix = confusion("confusion matrix", report["confusion_matrix"], report["class_names"])
        figures.append(_figure("confusion", matrix))
    if report.get("calibration"):
        ece = report["calibration"]["ece"]
        caption = f"reliability: accuracy of the held-out rows by confidence; ECE {shown_number(ece)}"
        figures.append(_figure(caption, reliability("reliability diagram", report["calibration"]["bins"])))
    return _section("Held-out rows by class", table + _pictures(figures))


def _balance(report: Mapping[str, Any]) -> str:
    counts = {name: part["class_counts"] for name, part in report["parts"].items() if part.get("class_counts")}
    figures = [_figure("rows of each class", bars("class balance", counts))] if counts else []
    return _section("Class balance", _pictures(figures))


def _mistakes(found: Sequence[Mapping[str, Any]]) -> str:
    rows = [(_row_name(one), one["true"], one["predicted"], one["probability"]) for one in found]
    where = "row of the data" if any("source_row" in one for one in found) else "held-out row"
    table = _table((where, "true", "predicted", "probability"), rows) if rows else ""
    return _section("Most confidently wrong", table)


def _row_name(mistake: Mapping[str, Any]) -> object:
    """As an editor counts it; older reports have only the place, from 0."""
    place = mistake.get("source_row", mistake["row"]) + 1
    return mistake.get("row_name", place)


def _timings(seconds: Mapping[str, float]) -> str:
    return _section("Seconds", _table(tuple(seconds), [tuple(seconds.values())]) if seconds else "")

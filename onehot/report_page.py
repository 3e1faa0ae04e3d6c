"""A version's report as one HTML page that needs nothing else: no script, no font, no picture from elsewhere."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from onehot.report_charts import bars, confusion, curves, reliability, shown_number

__all__ = ["report_page"]

STYLE = """
:root { color-scheme: light dark; --paper: #fff; --ink: #1b1f24; --soft: #66707b; --rule: #e3e7eb; --first: #1f6feb;
        --second: #d9730d; --right: #1f8f4e; --wrong: #cf222e; --bar: #7aa7e8; }
@media (prefers-color-scheme: dark) {
:root { --paper: #14171a; --ink: #e6e9ec; --soft: #98a2ad; --rule: #2c3238; --first: #6ea8fe; --second: #f0a35e;
        --right: #4cc38a; --wrong: #ff6b6b; --bar: #3f6fb5; } }
body { margin: 0 auto; max-width: 60rem; padding: 2rem 1.25rem 4rem; background: var(--paper); color: var(--ink);
       font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; margin: 0; }
h2 { font-size: 1.1rem; margin: 2.2rem 0 .6rem; }
p { margin: .3rem 0; overflow-wrap: anywhere; }
.soft { color: var(--soft); }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .9rem .25rem 0; text-align: right; border-bottom: 1px solid var(--rule); }
th:first-child, td:first-child { text-align: left; }
th { color: var(--soft); font-weight: 500; }
.pictures { display: flex; flex-wrap: wrap; gap: 1.5rem; }
.pictures > figure { margin: .6rem 0 0; flex: 1 1 24rem; max-width: 34rem; }
figcaption { color: var(--soft); }
svg { width: 100%; height: auto; display: block; }
.scroll { overflow-x: auto; }
.label { font: 11px system-ui, sans-serif; fill: var(--soft); }
.inside { font: 9px system-ui, sans-serif; fill: var(--ink); }
.strong { font: 600 11px system-ui, sans-serif; fill: var(--paper); }
.grid { stroke: var(--rule); }
.ideal { stroke: var(--soft); stroke-dasharray: 4 4; }
.curve { fill: none; stroke-width: 2; stroke-linejoin: round; }
.bar { fill: var(--bar); }
.cell { fill: var(--rule); opacity: .45; }
.holds { color: var(--right); }
.fails { color: var(--wrong); }
"""


def report_page(manifest: Mapping[str, Any], report: Mapping[str, Any]) -> str:
    """Make the page.

    Args:
        manifest: The version's manifest as plain values.
        report: Its `report.json`.
    """
    title = f"{manifest['model']} version {manifest['version']}"
    sections = [
        _head(title, manifest, report), _metrics(report), _gate(report.get("gate")), _learning(report),
        _classes(report), _balance(report), _mistakes(report.get("mistakes") or []),
        _timings(report.get("timings_s") or {}),
    ]  # fmt: skip
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>{''.join(sections)}</body></html>\n"
    )


def _head(title: str, manifest: Mapping[str, Any], report: Mapping[str, Any]) -> str:
    data, parity = report["data"], report.get("parity") or {}
    facts = [
        f"{manifest['task']} · {manifest['backend']} · seed {manifest['seed']} · {manifest['created_at']}",
        f"data {data['source']} · sha-256 {data['sha256']}",
        f"served as trained: largest difference to Keras {shown_number(parity.get('largest_difference'))} "
        f"on {parity.get('rows', 0)} held-out rows",
    ]
    return f"<h1>{escape(title)}</h1>" + "".join(f'<p class="soft">{escape(fact)}</p>' for fact in facts)


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


def _gate(gate: Mapping[str, Any] | None) -> str:
    if gate is None:
        return ""
    verdict = '<p class="holds">It holds.</p>' if gate["holds"] else '<p class="fails">It does not hold.</p>'
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
        figures.append(
            _figure("confusion", confusion("confusion matrix", report["confusion_matrix"], report["class_names"]))
        )
    if report.get("calibration"):
        ece = report["calibration"]["ece"]
        caption = f"reliability: accuracy of the held-out rows by confidence; ECE {shown_number(ece)}"
        figures.append(_figure(caption, reliability("reliability diagram", report["calibration"]["bins"])))
    return _section("Held-out rows by class", table + _pictures(figures))


def _balance(report: Mapping[str, Any]) -> str:
    counts = {name: part["class_counts"] for name, part in report["parts"].items() if part.get("class_counts")}
    return _section(
        "Class balance", _pictures([_figure("rows of each class", bars("class balance", counts))]) if counts else ""
    )


def _mistakes(found: Sequence[Mapping[str, Any]]) -> str:
    rows = [(one.get("source_row", one["row"]), one["true"], one["predicted"], one["probability"]) for one in found]
    where = "row of the data" if any("source_row" in one for one in found) else "held-out row"
    table = _table((where, "true", "predicted", "probability"), rows) if rows else ""
    return _section("Most confidently wrong", table)


def _timings(seconds: Mapping[str, float]) -> str:
    return _section("Seconds", _table(tuple(seconds), [tuple(seconds.values())]) if seconds else "")

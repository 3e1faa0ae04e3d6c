"""A search as one HTML page that needs nothing else: its pictures, and a table of its trials."""

from collections.abc import Mapping
from html import escape
from typing import Any

from onehot.report_page import STYLE
from onehot.searching.search_screen import shown_value
from onehot.searching.study_charts import history, importance, learning, parallel

__all__ = ["study_page"]

PICTURES = (
    ("History of the best", history),
    ("Parameters", parallel),
    ("Importance of parameters", importance),
    ("Learning curves by rung", learning),
)


def study_page(search: Mapping[str, Any]) -> str:
    """Make the page.

    Args:
        search: As `GET /v1/searches/{id}` answers it.
    """
    title = f"{search['model']}: search {search['id']}"
    sections = [_section(name, picture(search)) for name, picture in PICTURES]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body><h1>{escape(search['model'])}: search</h1>"
        f'<p class="soft">{escape(search["id"])}</p>'
        f"{_facts(search)}{''.join(sections)}{_section('Trials', _table(search))}</body></html>\n"
    )


def _facts(search: Mapping[str, Any]) -> str:
    epochs = sum(trial["epochs"] for trial in search["trials"])
    facts = [
        f"{search['status']} · {search['objective']}, {search['direction']}d · {search['sampler']}, "
        f"pruned by {search['prune']} · {len(search['trials'])} of {search['trial_count']} trials, {epochs} epochs",
        f"{search['created_at']} to {search['ended_at'] or 'now'}",
    ]
    winner, result = search.get("winner"), search.get("result")
    if winner:
        chosen = f"trial {winner['trial']} won with {shown_value(winner['value'])}"
        facts.append(f"{chosen}, chosen on validation rows from {len(search['trials'])} trials")
    if result and result.get("version"):
        metrics = ", ".join(f"{name} {shown_value(value)}" for name, value in (result.get("metrics") or {}).items())
        facts.append(f"published as version {result['version']}; on held-out rows {metrics}")
    return "".join(f'<p class="soft">{escape(fact)}</p>' for fact in facts)


def _section(title: str, body: str) -> str:
    return f'<h2>{escape(title)}</h2><figure style="margin:0">{body}</figure>' if body else ""


def _table(search: Mapping[str, Any]) -> str:
    paths = list(search["trials"][0]["parameters"]) if search["trials"] else []
    headings = ("trial", "status", "epochs", search["objective"], *paths)
    rows = [
        (trial["number"], trial["status"], trial["epochs"], trial["value"], *trial["parameters"].values())
        for trial in search["trials"]
    ]
    head = "".join(f"<th>{escape(str(heading))}</th>" for heading in headings)
    body = "".join(f"<tr>{''.join(f'<td>{escape(shown_value(cell))}</td>' for cell in row)}</tr>" for row in rows)
    return f'<div class="scroll"><table><tr>{head}</tr>{body}</table></div>' if rows else ""

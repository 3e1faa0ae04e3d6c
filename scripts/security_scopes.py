"""Write the table of operations and their scopes into SECURITY.md: `python scripts/security_scopes.py`.

The routes are asked, so that none can be forgotten.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from models.settings import Settings
from service.app import create_app
from service.auth.scopes import Scope
from service.openapi.operation import operations_of

PAGE = Path(__file__).parents[1] / "SECURITY.md"
BEGIN = "<!-- scopes: scripts/security_scopes.py writes this table -->\n"
END = "<!-- end of scopes -->\n"
IMPLIED = frozenset({"HEAD", "OPTIONS"})


def calls() -> Iterator[tuple[Scope, str, str]]:
    """Scope, call and summary of every operation; of one with several paths, the shortest."""
    app = create_app(Settings())
    for endpoint, operation in operations_of(app).items():
        rules = sorted(app.url_map.iter_rules(endpoint), key=lambda rule: (len(rule.rule), rule.rule))
        (method,) = (rules[0].methods or set()) - IMPLIED
        path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rules[0].rule)
        yield operation["scope"], f"{method} {path}", operation["summary"]


def table() -> str:
    """The table, in the order of the scopes."""
    order = list(Scope)
    rows = sorted(calls(), key=lambda row: (order.index(row[0]), row[1].split()[::-1]))
    lines = [f"| `{scope}` | `{call}` | {summary} |" for scope, call, summary in rows]
    return "\n".join(["| scope | operation | |", "| --- | --- | --- |", *lines]) + "\n"


def with_table(page: str) -> str:
    """The page with the table of these routes."""
    head, _, rest = page.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not end:
        raise SystemExit(f"{PAGE.name}: expected the lines {BEGIN.strip()!r} and {END.strip()!r}")
    return head + BEGIN + "\n" + table() + "\n" + END + tail


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text("utf-8")), "utf-8")

import html
import json
import re
from html.parser import HTMLParser

import pytest

from models.store.store import Store
from onehot.report_page import report_page

NAMES = ["setosa", "versicolor", "virginica <b>"]
REPORT = {
    "format_version": 1,
    "model": "iris",
    "task": "softmax",
    "class_names": NAMES,
    "data": {"source": "sklearn://iris", "sha256": "ab" * 32},
    "parts": {
        name: {"rows": rows, "metrics": {"loss": 0.2, "accuracy": 0.9}, "class_counts": dict.fromkeys(NAMES, rows // 3)}
        for name, rows in (("train", 105), ("validation", 21), ("test", 24))
    },
    "confusion_matrix": [[8, 0, 0], [0, 6, 2], [0, 1, 7]],
    "classes": [
        {"name": name, "precision": 0.9, "recall": 0.8, "f1": 0.85, "support": 8, "roc_auc": 0.97} for name in NAMES
    ],
    "roc_auc": 0.97,
    "calibration": {
        "ece": 0.07,
        "bins": [{"lower": 0.0, "upper": 0.1, "rows": 0, "confidence": None, "accuracy": None}]
        + [
            {"lower": n / 10, "upper": (n + 1) / 10, "rows": n, "confidence": n / 10 + 0.05, "accuracy": n / 10}
            for n in range(1, 10)
        ],
    },
    "mistakes": [{"row": 4, "true": NAMES[1], "predicted": NAMES[2], "probability": 0.93}],
    "history": [
        {"loss": 1 / n, "val_loss": 1.1 / n, "accuracy": 1 - 0.5 / n, "val_accuracy": 1 - 0.6 / n} for n in range(1, 31)
    ],
    "parity": {"rows": 24, "largest_difference": 6e-8, "tolerance": 1e-5},
    "gate": {
        "metric": "accuracy",
        "holds": False,
        "checks": [{"rule": "minimum", "expected": 0.95, "received": 0.9, "holds": False}],
    },
    "timings_s": {"data": 0.1, "fit": 2.5},
}
CURVE = {"class": "virginica <b>", "points": [[0, 0], [0.1, 0.8], [1, 1]], "area": 0.9, "threshold": 0.35}
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
DETAILED = {
    **REPORT,
    "curves": {"roc": [CURVE | {"chosen": [0.2, 0.9]}], "precision_recall": [CURVE | {"chosen": None}]},
    "intervals": {"macro_f1": {"value": 0.91, "lower": 0.8123, "upper": 0.95, "method": "bootstrap"}},
    "residuals": [{"r2": 0.87, "points": [[1, 2], [3, 3]], "edges": [-1, 0, 1], "rows": [1, 0]}],
    "importance": {"metric": "accuracy", "rows": 24, "repeats": 5, "score": 0.9,
                   "columns": [{"column": "petal length", "mean": 0.4, "deviation": 0.05},
                               {"column": "<b>", "mean": -0.01, "deviation": 0.0}]},
    "label_errors": {"rows": 45, "count": 1, "suspects": [
        {"part": "validation", "row": 1, "source": "a", "source_row": 4, "row_name": "line 6", "label": "<b>",
         "likely": "setosa", "label_probability": 0.02}]},
    "network": {"layers": [{"name": "dense", "class": "Dense", "output_shape": [3], "parameters": 15}],
                "layer_count": 3, "parameters": 15},
    "best_epoch": {"metric": "val_loss", "epoch": 30},
    "mistakes": [
        {"row": 4, "true": "a", "predicted": "b", "probability": 0.9, "row_name": "line 9", "values": {"<b>": 5.25}},
        {"row": 5, "true": "a", "predicted": "b", "probability": 0.9, "row_name": "line 8", "image": PNG},
    ],
}  # fmt: skip
MANIFEST = {
    "model": "iris",
    "version": 3,
    "task": "softmax",
    "backend": "tensorflow",
    "seed": 7,
    "created_at": "2026-01-01",
}


class Reader(HTMLParser):
    """Collects tags, attributes and text; fails on tags that are not closed in order."""

    VOID = frozenset({"meta"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag, attrs) -> None:
        """Open."""
        self.seen.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag) -> None:
        """Close."""
        assert self.open.pop() == tag

    def handle_startendtag(self, tag, attrs) -> None:
        """Both."""
        self.seen.append((tag, dict(attrs)))

    def handle_data(self, data) -> None:
        """Text."""
        self.text += data


def read(report=REPORT) -> Reader:
    reader = Reader()
    reader.feed(report_page(MANIFEST, report))
    assert reader.open == []
    return reader


def test_the_page_needs_nothing_else() -> None:
    """No script, no address, no file."""
    page = report_page(MANIFEST, REPORT)
    assert not re.search(r"<(script|link|img|iframe)|url\(|https?://|@import", page.replace("sklearn://", ""))


def test_every_picture_is_there() -> None:
    """Curves of loss and accuracy, confusion, reliability, balance; each with a title for those who do not see it."""
    titles = [attributes["aria-label"] for tag, attributes in read().seen if tag == "svg"]
    assert titles == ["loss by epoch", "accuracy by epoch", "confusion matrix", "reliability diagram", "class balance"]


def test_what_was_measured_is_there() -> None:
    """Metrics, gate, classes, mistakes; names from the data are text, never markup."""
    reader = read()
    for text in (
        "test (24 rows)",
        "It does not hold.",
        "ROC-AUC",
        "0.9700",
        "Most confidently wrong",
        "virginica <b>",
        "6e-08",
    ):
        assert text in reader.text
    assert "b" not in {tag for tag, _ in reader.seen}


def test_light_and_dark_are_both_meant() -> None:
    """The pictures' colours are the page's."""
    page = report_page(MANIFEST, REPORT)
    assert "prefers-color-scheme: dark" in page
    assert not re.search(r"(stroke|fill)(=|:)\s*\"?#", page)


@pytest.mark.parametrize("missing", ["confusion_matrix", "calibration", "gate", "roc_auc"])
def test_what_a_task_does_not_have_is_left_out(missing) -> None:
    """Regression has no classes, a spec no gate."""
    read({**REPORT, missing: None})


def test_a_report_of_an_imported_network_is_a_page_too() -> None:
    """It has no parts, no history, no classes."""
    empty = {"parts": {}, "history": [], "classes": [], "mistakes": [], "confusion_matrix": None, "calibration": None}
    read({**REPORT, **empty, "gate": None, "roc_auc": None, "timings_s": {}})


def test_the_command_writes_the_page(onehot, draft_of, store_folder, tmp_path) -> None:
    """Or prints the report as it is."""
    manifest, files = draft_of("iris")
    Store.open(store_folder).publish(manifest, {**files, "report.json": json.dumps(REPORT).encode()}, promote=True)
    place = tmp_path / "page.html"
    store = str(store_folder)
    assert onehot("report", "iris", "--out", str(place), STORE=store).stdout.strip() == str(place)
    assert "iris version 1" in place.read_text()
    assert json.loads(onehot("report", "iris", "1", "--json", STORE=store).stdout) == REPORT


def test_the_report_of_an_import_says_what_is_known() -> None:
    """Random rows were compared; there are no data, no digest of them and no seed."""
    empty = {"parts": {}, "confusion_matrix": None, "classes": [], "history": [], "gate": None}
    report = {**REPORT, **empty, "imported": "own.keras", "data": {"source": "own.keras", "sha256": ""}}
    page = report_page({**MANIFEST, "seed": 0}, report)
    assert "imported from own.keras" in page
    assert "24 random rows" in page
    assert not [word for word in ("held-out rows</p>", "sha-256", "seed 0") if word in page]


def test_details_are_pictures_and_tables() -> None:
    """With a text alternative, names and units of axes; names from the data are text there too."""
    reader = read(DETAILED)
    titles = [attributes["aria-label"] for tag, attributes in reader.seen if tag == "svg"]
    assert set(titles) >= {
        "ROC curves by class", "precision-recall curves by class", "predicted against true", "residuals",
        "permutation importance by column", "picture of line 8",
    }  # fmt: skip
    for text in (
        "0.8123 – 0.9500", "threshold 0.35", "true positive rate", "recall (share of the class's rows)", "R² 0.8700",
        "predicted - true, in the target's unit", "loss of accuracy when the column is shuffled", "petal length",
        "0.4000 ± 0.0500", "1 of 45 validation and test rows", "line 6", "… 2 more", "best epoch: 30", "<b>: 5.25",
    ):  # fmt: skip
        assert text in reader.text
    assert "b" not in {tag for tag, _ in reader.seen}


def test_the_page_allows_nothing_but_its_style_and_its_pictures() -> None:
    """Also where a report is not what it seems."""
    policies = [attributes["content"] for tag, attributes in read(DETAILED).seen if "http-equiv" in attributes]
    assert policies == ["default-src 'none'; style-src 'unsafe-inline'; img-src data:"]
    assert not re.search(r"<(script|link|img|iframe)|url\(|https?://|@import", report_page(MANIFEST, DETAILED).replace(
        "sklearn://", ""))  # fmt: skip


def test_no_text_of_a_plot_leaves_its_picture() -> None:
    """Reckoned with 6.5 units for each letter, in pictures with long names and large numbers."""
    report = {
        **DETAILED,
        "residuals": [{"r2": 0.1, "points": [[-1.5e6, 2e6]], "edges": [-1e6, 0, 1e6], "rows": [12345, 1]}],
    }
    page = re.sub(r"<g transform.*?</g>", "", report_page(MANIFEST, report))  # turned text has the height's room
    for width, content in re.findall(r'<svg viewBox="0 0 (\d+) \d+".*?>(.*?)</svg>', page):
        for x, anchor, text in re.findall(r'<text x="([\d.-]+)" y="[\d.-]+" text-anchor="(\w+)"[^>]*>([^<]*)', content):
            room = 6.5 * len(html.unescape(text))
            left = float(x) - {"start": 0, "middle": room / 2, "end": room}[anchor]
            assert 0 <= left <= left + room <= float(width), text

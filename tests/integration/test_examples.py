"""Every example trains, holds its gate, and reaches what examples/README.md says of it.

EXAMPLES=all trains all of them (`make examples`); without it, one.
"""

import json
import os
import re
import runpy
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.settings import Settings
from models.spec import DataSpec, load_spec
from models.spec.yaml_text import load_document
from models.store.gate_verdict import gate_verdict
from models.store.manifest import Manifest
from models.store.store import Store
from onehot.commands.sharing.hub_folder import hub_files, write_folder
from trainer.backends.choice import choose_backend

assert choose_backend("tensorflow")

from trainer.data import load_dataset  # noqa: E402 -- what imports Keras comes after the choice of its backend
from trainer.importing.network_import import import_network  # noqa: E402
from trainer.training import train  # noqa: E402

pytestmark = pytest.mark.timeout(240)
ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
METRICS = {"accuracy": "accuracy", "binary accuracy": "binary_accuracy", "balanced accuracy": None}
TOLERANCE = 0.04
"""Other processors round otherwise, and a training amplifies it."""
IN_OTHER_TESTS = {"digits.yaml", "classic.yaml"}
"""`tests/e2e/test_demo.py` and `tests/e2e/test_main_job.py` train them."""
ALL = sorted({path.name for path in EXAMPLES.glob("*.yaml")} - IN_OTHER_TESTS)
TRAINED = ALL if os.environ.get("EXAMPLES") == "all" else ["penguins.yaml"]


def rows() -> dict[str, list[str]]:
    """The table of the README: file → its other cells."""
    text = (EXAMPLES / "README.md").read_text("utf-8")
    lines = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("| `")
    ]
    return {cells[0].strip("`"): cells[1:] for cells in lines}


def reached(metric: str, metrics: dict[str, float], report: dict) -> float:
    """What the table's column `network` is about."""
    known = METRICS[metric]
    return metrics[known] if known else report["baseline"]["model"]


@pytest.mark.parametrize("name", TRAINED)
def test_a_spec_reaches_what_the_table_says(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On its held-out rows, and its gate holds."""
    spec = load_spec(load_document((EXAMPLES / name).read_bytes()))
    store = Store.open(tmp_path / "store")
    manifest = train(spec, store=store, settings=Settings(data_roots=(str(ROOT),)), job_id="job")
    assert gate_verdict(manifest.gate) is None
    _, count, metric, network, *_ = rows()[name]
    report = json.loads(store.read(manifest, "report.json"))
    assert report["parts"]["test"]["rows"] == int(count)
    assert reached(metric, manifest.metrics, report) == pytest.approx(float(network), abs=TOLERANCE)
    if name == "penguins.yaml":
        check_life_without_onehot(store, manifest, tmp_path / "penguins-without-onehot", monkeypatch, capsys)


def check_life_without_onehot(
    store: Store, manifest: Manifest, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The two examples of docs/leaving.md, one after the other, in the exported folder."""
    write_folder(hub_files(store, manifest), folder)
    page = (ROOT / "docs" / "leaving.md").read_text("utf-8")
    *_, ask, with_keras = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    monkeypatch.syspath_prepend(folder)
    names: dict[str, Any] = {}
    exec(compile(ask, "ask", "exec"), names)  # noqa: S102 -- the page's own lines
    assert capsys.readouterr().out.startswith("Gentoo 0.9")
    exec(compile(with_keras, "with_keras", "exec"), names)  # noqa: S102
    by_keras = names["network"].predict(names["prepared"](names["rows"]), verbose=0)
    np.testing.assert_allclose(names["predict"](names["rows"]), by_keras, atol=1e-5)
    del sys.modules["predict"]


@pytest.mark.timeout(900)
@pytest.mark.skipif(TRAINED is not ALL, reason="`make examples` trains it")
def test_the_network_of_one_s_own_reaches_what_the_table_says(tmp_path: Path) -> None:
    """Trained by plain Keras, imported, measured on pictures that it never saw."""
    runpy.run_path(str(EXAMPLES / "transfer.py"))["main"](tmp_path)
    store = Store.open(tmp_path / "store")
    content = (tmp_path / "transfer.keras").read_bytes()
    dataset = load_dataset(DataSpec("transfer.npz"), roots=(str(tmp_path),))
    manifest = import_network(
        content, "transfer", where="transfer.keras", class_names=list("56789"), store=store, dataset=dataset
    )
    _, count, metric, network, *_ = rows()["transfer.py"]
    assert manifest.data["rows"]["test"] == int(count)
    assert manifest.metrics[metric] == pytest.approx(float(network), abs=TOLERANCE)


@pytest.mark.parametrize("name", ALL)
def test_every_spec_is_valid_and_its_data_are_there(name: str) -> None:
    """Also of those that only `make examples` trains."""
    spec = load_spec(load_document((EXAMPLES / name).read_bytes()))
    assert spec.gate is not None
    assert (ROOT / spec.data.source).is_file()


def test_the_table_names_every_example() -> None:
    """With the sentence that its spec begins with."""
    specs = {path.name: path.read_text("utf-8").splitlines()[0].removeprefix("# ") for path in EXAMPLES.glob("*.yaml")}
    shown = rows()
    assert set(shown) == {*specs, "transfer.py"}
    assert {name: shown[name][0] for name in specs} == specs


def test_the_data_files_have_a_source_and_a_licence() -> None:
    """Each is named in examples/data/README.md, and none is large."""
    files = {path for path in (EXAMPLES / "data").iterdir() if path.suffix not in (".md", ".py")}
    text = (EXAMPLES / "data" / "README.md").read_text("utf-8")
    assert {path.name for path in files} == set(re.findall(r"`([\w.-]+\.(?:csv|csv\.gz|npz))`", text)) - {
        "../classic.npz"
    }
    assert np.sum([path.stat().st_size for path in files]) < 2**20

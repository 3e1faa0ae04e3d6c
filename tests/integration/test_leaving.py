"""An exported version answers without Onehot as the service does with it: the lines of docs/leaving.md, run."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from models.settings import Settings, read_settings
from models.spec import load_spec
from models.spec.steps import STEPS
from models.spec.yaml_text import load_document
from models.store.store import Store
from onehot.cli import cli
from onehot.commands.sharing.hub_folder import predict_script
from service.app import create_app
from service.http.context import EXTENSION
from trainer.backends.choice import choose_backend

assert choose_backend("tensorflow")

from trainer.training import train  # noqa: E402 -- it imports Keras, whose backend had to be chosen before

pytestmark = pytest.mark.timeout(120)
ROOT = Path(__file__).parents[2]
SAME = 1e-6
ASK = """
import json, sys
import predict
rows = json.load(sys.stdin)
rows = [predict.pixels(row) for row in rows] if isinstance(rows[0], str) else rows
assert not any(name.split(".")[0] in ("models", "onehot", "trainer", "service") for name in sys.modules)
np = predict.np
np.savez(sys.argv[1], answers=predict.predict(rows), prepared=predict.prepared(rows))
"""
TABLE = {
    "model": "birds",
    "data": {"source": "birds.csv", "target": "kind", "validation": 0.2, "test": 0.2},
    "preprocessing": [
        {"fill": {"strategy": "most_frequent"}}, {"date": {"columns": ["seen"]}}, {"one_hot": {"columns": ["place"]}},
        {"one_hot": {"columns": ["ring"], "unknown": "other"}}, "standardize",
    ],
    "layers": [{"Dense": {"units": 8, "activation": "relu"}}, {"Dense": {"units": 3, "activation": "softmax"}}],
    "compile": {"optimizer": "adam", "loss": "categorical_crossentropy", "metrics": ["accuracy"]},
    "fit": {"epochs": 3, "batch_size": 16},
}  # fmt: skip
PICTURES = {
    "model": "halves",
    "data": {"source": "pictures", "validation": 0.2, "test": 0.2},
    "preprocessing": [{"resize": [6, 4]}, {"rescale": {"scale": 0.0039, "offset": -0.5}}, {"reshape": [6, 12]}],
    "layers": ["Flatten", {"Dense": {"units": 2, "activation": "softmax"}}],
    "compile": {"optimizer": "adam", "loss": "categorical_crossentropy", "metrics": ["accuracy"]},
    "fit": {"epochs": 2, "batch_size": 8},
}  # fmt: skip
BIRDS = [
    {"size": 1.5, "wild": True, "place": "north", "ring": "a7", "seen": "2024-05-31"},
    {"size": None, "wild": False, "place": None, "ring": "never seen", "seen": "2023-12-01T08:00:00"},
    {"size": -3, "wild": True, "place": "south, far", "ring": None, "seen": None},
]  # fmt: skip


def write_table(path: Path) -> None:
    """150 birds with gaps in every column but the target and the boolean one."""
    chance = np.random.default_rng(3)
    lines = ["size,wild,place,ring,seen,kind"]
    for number in range(150):
        size = "" if number % 7 == 0 else f"{number % 3 + chance.normal():.3f}"
        place = "" if number % 11 == 0 else ("north", '"south, far"')[number % 2]
        seen = "" if number % 13 == 0 else f"2024-{number % 12 + 1:02}-{number % 28 + 1:02}"
        lines.append(f"{size},{number % 4 == 0},{place},a{number % 9 or ''},{seen},{'abc'[number % 3]}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_pictures(folder: Path) -> None:
    """Two classes that differ in which half is light; every third one is stored lying on its side."""
    chance, exif = np.random.default_rng(5), Image.Exif()
    exif[0x0112] = 6
    for number, name in enumerate(("bottom", "top")):
        (folder / name).mkdir(parents=True)
        for index in range(20):
            pixels = chance.integers(0, 90, (12, 8, 3), np.uint8)
            pixels[6 * (1 - number) : 6 * (2 - number)] += 120
            stored = Image.fromarray(np.rot90(pixels) if index % 3 == 0 else pixels)
            stored.save(folder / name / f"{index:02}.png", **({"exif": exif} if index % 3 == 0 else {}))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the data, a store with both models, and each of them exported."""
    root = tmp_path_factory.mktemp("leaving")
    write_table(root / "birds.csv")
    write_pictures(root / "pictures")
    for document in (TABLE, PICTURES):
        settings = Settings(data_roots=(str(root),))
        train(load_spec(document), store=Store.open(root / "store"), settings=settings, job_id=document["model"])
        result = CliRunner().invoke(
            cli,
            ["export", document["model"], "--hub", str(root / document["model"])],
            env={"ONEHOT_STORE": str(root / "store")},
        )
        assert result.exit_code == 0, result.output
    return root


@pytest.fixture(scope="module")
def client(site: Path) -> Any:
    """The service, asked without a socket."""
    app = create_app(read_settings({"ONEHOT_STORE": str(site / "store")}))
    app.extensions[EXTENSION].registry.refresh()
    return app.test_client()


def without_onehot(folder: Path, rows: list[Any]) -> dict[str, np.ndarray]:
    """What the exported folder answers in a process that loads nothing of Onehot, and what its network was given."""
    out = folder.parent / f"{folder.name}.npz"
    command = [sys.executable, "-c", ASK, str(out)]
    subprocess.run(command, input=json.dumps(rows), text=True, cwd=folder, check=True)
    with np.load(out) as arrays:
        return dict(arrays)


def keras_says(folder: Path, prepared: np.ndarray) -> np.ndarray:
    """What `model.keras` computes of it."""
    return np.asarray(keras.saving.load_model(folder / "model.keras")(prepared))


def test_a_table_with_strings_gaps_and_dates_is_answered_as_by_the_service(site: Path, client: Any) -> None:
    """From model.onnx; model.keras and the folder as Keras loads it from a hub agree."""
    expected = client.post("/v1/models/birds:predict", json={"instances": BIRDS}).json["predictions"]
    found = without_onehot(site / "birds", BIRDS)
    np.testing.assert_allclose(found["answers"], expected, atol=SAME)
    np.testing.assert_allclose(keras_says(site / "birds", found["prepared"]), expected, atol=1e-5)
    from_hub = keras.saving.load_model(site / "birds")
    np.testing.assert_allclose(from_hub(found["prepared"]), expected, atol=1e-5)


def test_pictures_are_answered_as_by_the_service(site: Path, client: Any) -> None:
    """Also those that lie on their side, and all are brought to one size."""
    paths = sorted((site / "pictures").glob("*/*.png"))[15:25]
    answers = [client.post("/v1/models/halves:predict", data=path.read_bytes(), content_type="image/png")
               for path in paths]  # fmt: skip
    expected = [answer.json["predictions"][0] for answer in answers]
    found = without_onehot(site / "halves", [str(path) for path in paths])
    np.testing.assert_allclose(found["answers"], expected, atol=SAME)
    np.testing.assert_allclose(keras_says(site / "halves", found["prepared"]), expected, atol=1e-5)


def test_the_page_shows_the_very_lines_that_are_exported() -> None:
    """So that who reads it and who runs `predict.py` have the same; every step that a spec may name is among them."""
    page = (ROOT / "docs" / "leaving.md").read_text("utf-8")
    shown = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    assert "\n".join(shown[:2]) == predict_script(of_images=True)
    assert shown[0] == predict_script(of_images=False)
    assert set(re.findall(r'^    "(\w+)": (?:lambda|padded)', shown[0], re.MULTILINE)) == set(STEPS)


def test_the_card_has_the_hub_s_metadata_and_the_report_s_numbers(site: Path) -> None:
    """The same from `onehot report --card`; its first lines are YAML."""
    card = (site / "birds" / "README.md").read_text("utf-8")
    _, head, body = card.split("---\n", 2)
    metadata = load_document(head)
    report = json.loads((site / "birds" / "report.json").read_text("utf-8"))
    measured = report["parts"]["test"]["metrics"]
    (result,) = metadata["model-index"][0]["results"]
    assert metadata["library_name"] == "keras"
    assert metadata["pipeline_tag"] == result["task"]["type"] == "tabular-classification"
    assert {one["type"]: one["value"] for one in result["metrics"]} == measured
    assert "| place | category | yes |" in body
    assert f"| test | {report['parts']['test']['rows']} | {measured['loss']:.4f} |" in body
    out = site / "card.md"
    arguments = ["report", "birds", "--card", str(out)]
    assert CliRunner().invoke(cli, arguments, env={"ONEHOT_STORE": str(site / "store")}).exit_code == 0
    assert out.read_text("utf-8") == card
    assert (
        load_document((site / "halves" / "README.md").read_text("utf-8").split("---\n", 2)[1])["pipeline_tag"]
        == "image-classification"
    )


def test_a_folder_that_holds_something_is_left_as_it_is(site: Path, tmp_path: Path) -> None:
    """And nothing half-written stands beside it."""
    folder = tmp_path / "full"
    folder.mkdir()
    (folder / "mine.txt").write_text("kept")
    environment = {"ONEHOT_STORE": str(site / "store")}
    result = CliRunner().invoke(cli, ["export", "birds", "1", "--hub", str(folder)], env=environment)
    assert result.exit_code == 1
    assert "expected a new or an empty folder" in result.output
    assert [path.name for path in tmp_path.iterdir()] == ["full"]
    assert [path.name for path in folder.iterdir()] == ["mine.txt"]

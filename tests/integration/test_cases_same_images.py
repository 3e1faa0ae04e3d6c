"""Predicting with the very folder of images that was trained on gives the classes that the report says."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from models.preprocessing.instances import UPRIGHT
from models.settings import Settings
from models.spec import load_spec
from models.store.manifest import Manifest
from models.store.store import Store
from onehot.cli import cli
from tests.contract.live import Live, live
from trainer.backends.choice import choose_backend

assert choose_backend("tensorflow")

from trainer.training import train  # noqa: E402 -- it imports Keras, whose backend had to be chosen before

pytestmark = pytest.mark.timeout(120)
FORMATS = ("png", "jpg", "webp", "bmp", "gif")
TYPES = {"jpg": "jpeg"}


def write_pictures(folder: Path) -> None:
    """Two classes that differ in which half is light: upright; every third photo is stored lying on its side."""
    chance = np.random.default_rng(5)
    exif = Image.Exif()
    exif[0x0112] = 6
    for number, name in enumerate(("bottom", "top")):
        (folder / name).mkdir(parents=True)
        for index in range(20):
            pixels = chance.integers(0, 90, (12, 8, 3), np.uint8)
            pixels[6 * (1 - number) : 6 * (2 - number)] += 120
            ending, lies = FORMATS[index % len(FORMATS)], index % 3 == 0 and FORMATS[index % len(FORMATS)] != "gif"
            stored = Image.fromarray(np.rot90(pixels) if lies and ending != "bmp" else pixels)
            stored.save(folder / name / f"{index:02}.{ending}", **({"exif": exif} if lies and ending != "bmp" else {}))
    (folder / "top" / "._01.jpg").write_bytes(b"\0\5\x16\7")
    (folder / "bottom" / "Thumbs.db").write_bytes(b"")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Manifest, dict]:
    """The folder in which `pics` and the store are, the version, and its report."""
    root = tmp_path_factory.mktemp("images")
    write_pictures(root / "pics")
    spec = load_spec({
        "model": "halves",
        "data": {"source": "pics", "validation": 0.2, "test": 0.25},
        "preprocessing": [{"rescale": {"scale": 0.0039215686}}],
        "layers": ["Flatten", {"Dense": {"units": 2, "activation": "softmax"}}],
        "compile": {"optimizer": "adam", "loss": "categorical_crossentropy", "metrics": ["accuracy"]},
        "fit": {"epochs": 12, "batch_size": 4},
    })  # fmt: skip
    store = Store.open(root / "store")
    manifest = train(spec, store=store, settings=Settings(data_roots=(str(root),)), job_id="job")
    return root, manifest, json.loads(store.read(manifest, "report.json"))


@pytest.fixture(scope="module")
def service(trained, tmp_path_factory: pytest.TempPathFactory):
    """The version, served."""
    with live(trained[0] / "store", tmp_path_factory.mktemp("log")) as service:
        yield service


def right_in(report: dict) -> int:
    """How many rows the report says are right, over all parts."""
    return round(sum(part["rows"] * part["metrics"]["accuracy"] for part in report["parts"].values()))


def test_the_version_says_how_it_reads_images_and_what_was_passed_over(trained) -> None:
    """In the manifest, in the report and in the job's outcome."""
    _, manifest, report = trained
    passed_over = {"pics": {".db": 1, "hidden files": 1}}
    assert manifest.image_orientation == UPRIGHT
    assert manifest.data["passed_over"] == report["data"]["passed_over"] == passed_over
    assert manifest.summary["passed_over"] == passed_over


def test_the_command_line_says_of_the_folder_what_the_report_says(trained, service: Live, monkeypatch) -> None:
    """Every file by its name, of every format, upright or not."""
    root, _, report = trained
    monkeypatch.chdir(root)
    monkeypatch.setenv("ONEHOT_URL", service.url)
    result = CliRunner().invoke(cli, ["predict", "halves", "pics"])
    assert result.exit_code == 0, result.output
    rows = [line.split() for line in result.stdout.splitlines()[1:]]
    assert len(rows) == 40
    assert sum(name.startswith(f"{kind}/") for name, kind, _ in rows) == right_in(report) >= 36


def test_http_says_of_each_file_what_the_report_says(trained, service: Live) -> None:
    """As the body of a request, with the type of its format."""
    root, _, report = trained
    right = 0
    for path in sorted((root / "pics").glob("*/[0-9]*")):
        kind = f"image/{TYPES.get(path.suffix[1:], path.suffix[1:])}"
        answer = service.ask("POST", "/v1/models/halves:predict", path.read_bytes(), Content_Type=kind)
        assert answer.status == 200, answer.body
        best = int(np.argmax(json.loads(answer.body)["predictions"][0]))
        right += ("bottom", "top")[best] == path.parent.name
    assert right == right_in(report)

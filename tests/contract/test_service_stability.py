"""What docs/stability.md promises of stored things: a store that was written once is read by every later version.

`tests/fixtures/store-format-1` is never written again: the first version with this promise published it, of a table
with dates, text and gaps. A store of a later format comes beside it.
"""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient

from models.settings import Settings
from models.spec import load_spec
from models.spec.yaml_text import load_document
from models.store.manifest import FORMAT_VERSION
from models.store.promotions import PromotionLog
from models.store.store import Store
from service.app import create_app
from service.http.context import EXTENSION

FROZEN = Path(__file__).parents[1] / "fixtures" / "store-format-1"
ROWS = [
    {"day": "2024-05-01", "place": "town", "size": 0.13, "weight": 2.37},
    {"day": "2024-10-24", "place": "harbour", "size": None, "weight": 14.54},
    {"day": None, "place": "hill", "size": 4.23, "weight": 22.35},
]
PREDICTIONS = [
    [1.1875802e-08, 0.99986756, 0.00013243414],
    [0.027750222, 0.018076248, 0.9541735],
    [0.9988708, 6.172272e-05, 0.0010674595],
]
"""As the version that published it answered."""


def is_part(part: Any, whole: Any) -> bool:
    """Whether every key of a document has the same value in another one."""
    if isinstance(part, dict) and isinstance(whole, dict):
        return all(key in whole and is_part(value, whole[key]) for key, value in part.items())
    return bool(part == whole)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(FROZEN, tmp_path / "store"))


@pytest.fixture
def client(folder: Path) -> FlaskClient:
    """Talks to a service that has it."""
    app = create_app(Settings(store=str(folder)))
    app.extensions[EXTENSION].registry.refresh()
    return app.test_client()


def test_every_format_up_to_this_one_has_a_frozen_store() -> None:
    """When this fails, the store of the new format is missing."""
    kept = {path.name for path in FROZEN.parent.glob("store-format-*")}
    assert kept == {f"store-format-{number}" for number in range(1, FORMAT_VERSION + 1)}


def test_a_store_of_format_1_answers_as_it_did(client: FlaskClient) -> None:
    """Preprocessing, graph and class names: to the last digits."""
    answer = client.post("/v1/models/plants:predict", json={"instances": ROWS})
    assert answer.headers["X-Onehot-Model-Version"] == "1"
    assert np.allclose(answer.json["predictions"], PREDICTIONS, atol=1e-6)
    best = client.post("/v1/models/plants:classify?top_k=1", json={"examples": ROWS}).json["results"]
    assert [one[0][0] for one in best] == ["low", "middle", "high"]


def test_its_files_labels_and_records_are_read(folder: Path, client: FlaskClient) -> None:
    """Each with its digest; who moved the label; the report."""
    store = Store.open(folder)
    manifest = store.verify("plants", 1)
    assert (manifest.class_names, manifest.task) == (("high", "low", "middle"), "softmax")
    assert store.labels("plants") == {"stable": 1}
    assert [(one.label, one.version, one.previous) for one in PromotionLog(store.objects, "plants").read()] == [
        ("stable", 1, None)
    ]
    assert client.get("/v1/models/plants/versions/1/report").json["parts"]["test"]["rows"] == 14


def test_its_spec_still_means_the_same() -> None:
    """What was trained is what would be trained; later versions may fill more defaults in."""
    document = load_document((FROZEN / "plants" / "1" / "spec.yaml").read_bytes())
    again = load_spec(document).document
    assert is_part(document, again)
    assert load_spec(again).document == again


def test_it_goes_on_from_there(folder: Path, draft_of) -> None:
    """The next version has the next number, and the label moves on."""
    store = Store.open(folder)
    assert store.publish(*draft_of("plants")).version == 2
    assert store.labels("plants") == {"stable": 2}
    assert store.versions("plants") == [1, 2]

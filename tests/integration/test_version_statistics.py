import json

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon
from scipy.stats import chi2

from models.errors import CorruptVersion, DataError
from models.settings import Settings
from models.spec import load_spec
from models.spec.yaml_text import dump_document
from models.statistics.divergence import chi_squared_limit, js_distance
from models.statistics.drift import compare
from models.statistics.output_columns import OutputColumns
from models.statistics.stored_statistics import find_statistics
from models.statistics.version_statistics import VersionStatistics
from models.store.store import Store
from trainer.backends.choice import choose_backend
from trainer.profile_version import main, profile_version

assert choose_backend("tensorflow")

from trainer.training import train  # noqa: E402 -- it imports Keras, whose backend had to be chosen before

pytestmark = pytest.mark.timeout(120)
PENGUINS = {
    "model": "penguins",
    "data": {"source": "penguins.csv", "target": "species", "validation": 0.1, "test": 0.2},
    "preprocessing": [{"fill": {"strategy": "median"}}, {"one_hot": {"columns": ["island"], "unknown": "other"}},
                      "standardize"],
    "layers": [{"Dense": {"units": 2, "activation": "softmax"}}],
    "compile": {"optimizer": "adam", "loss": "categorical_crossentropy"},
    "fit": {"epochs": 2},
}  # fmt: skip
CLASSIC = {
    "model": "classic",
    "data": {"source": "classic.npz", "test": 0.5},
    "layers": [{"Dense": {"units": 3, "activation": "softmax"}}],
    "compile": {"optimizer": "adam", "loss": "categorical_crossentropy"},
    "fit": {"epochs": 1},
}


@pytest.fixture
def store(store_folder) -> Store:
    """An empty store."""
    return Store.open(store_folder)


@pytest.fixture
def data(tmp_path):
    """A table and arrays, and the settings by which they are found."""
    rng = np.random.default_rng(5)
    rows = [f"{'' if i % 7 == 0 else round(rng.normal(40, 5), 1)},{rng.choice(['Biscoe', 'Dream'])},{'ab'[i % 2]}"
            for i in range(200)]  # fmt: skip
    (tmp_path / "penguins.csv").write_text("\n".join(["bill,island,species", *rows]) + "\n")
    np.savez(tmp_path / "classic.npz", x=rng.random((60, 8)), y=np.eye(3)[rng.integers(0, 3, 60)])
    np.savez(tmp_path / "other.npz", x=rng.random((60, 4)), y=np.arange(60) % 3)
    return Settings(data_roots=(str(tmp_path),))


def test_a_trained_version_has_statistics_of_its_training_rows(store, data) -> None:
    """In its manifest, as every file; what is served is counted into the same bins."""
    manifest = train(load_spec(PENGUINS), store=store, settings=data, job_id="job")
    statistics = find_statistics(store, manifest)
    assert "statistics.json" in manifest.files
    assert (statistics.rows, statistics.data["part"]) == (140, "train")
    bill, island = statistics.features
    assert (bill.name, sum(bill.counts) + bill.missing) == ("bill", 140)
    assert 5 < bill.missing < 40
    assert set(island.categories) == {"Biscoe", "Dream"}
    classes, confidence = statistics.outputs
    assert classes.categories == ("a", "b")
    assert sum(classes.counts) == sum(confidence.counts) == 140
    live = np.array([[None, "Dream"], [41.0, "Torgersen"]], object)
    counts = statistics.count(OutputColumns.of(manifest), live, np.array([[0.9, 0.1], [0.2, 0.8]], np.float32))
    found = compare(statistics, counts).document
    assert found["features"][0]["missing"]["live"] == found["features"][1]["unseen"] == 0.5
    (store.folder / "penguins/1/statistics.json").write_bytes(b"{}")
    with pytest.raises(CorruptVersion, match="statistics"):
        find_statistics(store, manifest)


def test_an_older_version_gets_those_of_its_own_training_part(store, data, draft_of) -> None:
    """As its spec splits the data; made again they take the place of the last ones."""
    draft, files = draft_of()
    manifest = store.publish(draft, {**files, "spec.yaml": dump_document(CLASSIC)})
    assert find_statistics(store, manifest) is None
    made = profile_version(manifest, store=store, settings=data)
    assert (made.rows, made.data["part"]) == (21, "train")
    assert find_statistics(store, manifest) == made
    again = profile_version(manifest, store=store, settings=data, source="classic.npz")
    assert again == made


def test_an_imported_version_needs_data(store, data, draft_of) -> None:
    """Of the right shape; all of its rows count then."""
    manifest = store.publish(*draft_of())
    with pytest.raises(DataError, match="--data SOURCE"):
        profile_version(manifest, store=store, settings=data)
    with pytest.raises(DataError, match=r"shape \[8\]"):
        profile_version(manifest, store=store, settings=data, source="other.npz", target="y")
    assert find_statistics(store, manifest) is None
    made = profile_version(manifest, store=store, settings=data, source="classic.npz", target="y")
    assert (made.rows, made.data["part"], len(made.features)) == (60, "all", 8)


def test_the_command_says_what_it_did_or_what_is_wrong(store, data, draft_of, monkeypatch, capsys) -> None:
    """A version that has statistics keeps them."""
    store.publish(*draft_of())
    monkeypatch.setenv("ONEHOT_STORE", str(store.folder))
    monkeypatch.setenv("ONEHOT_DATA_ROOTS", data.data_roots[0])
    assert main(["classic", "1", "--data", "classic.npz", "--target", "y", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"] == 60
    draft, files = draft_of()
    statistics = (store.folder / "classic/1/statistics.json").read_bytes()
    assert VersionStatistics.from_json(statistics).rows == 60
    store.publish(draft, {**files, "statistics.json": statistics})
    assert main(["classic", "2", "--data", "classic.npz"]) == 1
    assert "expected a version without statistics" in capsys.readouterr().err


def test_distances_and_limits_are_those_of_scipy() -> None:
    """On counts of any size; the limits within five in a hundred."""
    rng = np.random.default_rng(0)
    for bins in (2, 5, 10, 40):
        p, q = rng.integers(0, 500, (2, bins))
        assert js_distance(p, q) == pytest.approx(jensenshannon(p, q, base=2), abs=1e-12)
        for alpha in (0.05, 1e-3, 1e-5):
            assert chi_squared_limit(bins - 1, alpha) == pytest.approx(chi2.isf(alpha, bins - 1), rel=0.05)

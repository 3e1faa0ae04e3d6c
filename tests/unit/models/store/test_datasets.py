import hashlib
import json
import tempfile
from pathlib import Path

import pytest

from models.errors import DataError
from models.names import is_model_name
from models.store.datasets import Datasets
from models.store.store import Store
from service.jobs.data_preview.row_counts import count_rows

CSV = b"a,b,y\n1,2,p\n3,4,q\n"
DIGEST = hashlib.sha256(CSV).hexdigest()
NOW = "2026-01-02T03:04:05+00:00"


@pytest.fixture
def datasets(tmp_path: Path) -> Datasets:
    """The data sets of an empty store."""
    return Datasets(Store.open(tmp_path / "store").objects)


def put(datasets: Datasets, name: str = "pq.csv", content: bytes = CSV):
    with tempfile.NamedTemporaryFile(suffix=Path(name).suffix) as file:
        Path(file.name).write_bytes(content)
        return datasets.put(name, Path(file.name), created_at=NOW, count_rows=count_rows)


def test_an_upload_is_found_by_name_and_by_digest(datasets: Datasets) -> None:
    """Both mean the same bytes, which were counted."""
    info = put(datasets)
    assert (info.name, info.sha256, info.size, info.rows) == ("pq.csv", DIGEST, len(CSV), 2)
    assert info.source == f"dataset://{DIGEST}"
    assert datasets.find("pq.csv") == datasets.find(DIGEST) == info
    with datasets.local("pq.csv") as path:
        assert path.read_bytes() == CSV
        assert path.suffix == ".csv"
    assert not path.exists()


def test_the_same_bytes_are_kept_once(datasets: Datasets) -> None:
    """A second name points to them."""
    put(datasets)
    assert put(datasets, "again.csv").name == "pq.csv"
    assert [info.sha256 for info in datasets.uploaded()] == [DIGEST]
    assert datasets.find("again.csv").sha256 == DIGEST


def test_a_name_means_its_latest_upload(datasets: Datasets) -> None:
    """What it meant before is still there by its digest."""
    put(datasets)
    later = put(datasets, content=CSV + b"5,6,p\n")
    assert datasets.find("pq.csv") == later
    assert datasets.find(DIGEST).rows == 2
    assert len(datasets.uploaded()) == 2


def test_a_deleted_data_set_is_unknown_and_can_come_back(datasets: Datasets) -> None:
    """Its names mean nothing until then."""
    put(datasets)
    datasets.delete("pq.csv")
    assert datasets.uploaded() == []
    for reference in ("pq.csv", DIGEST):
        with pytest.raises(DataError, match="unknown"):
            datasets.find(reference)
    assert put(datasets).rows == 2


@pytest.mark.parametrize(
    "name", ["", "noending", "../x.csv", "a/b.csv", ".csv", "x.exe", "x" * 200 + ".csv", "a b.csv"]
)
def test_a_name_that_is_none_is_refused(datasets: Datasets, name: str) -> None:
    """Nothing that could be a path, and an ending that says what kind of file it is."""
    with pytest.raises(DataError, match="ends in"):
        put(datasets, name)
    with pytest.raises(DataError, match="unknown"):
        datasets.find(name)


def test_what_cannot_be_counted_is_not_kept(datasets: Datasets) -> None:
    """An upload that is no Parquet file is refused before it is anywhere."""
    with pytest.raises(DataError, match=r"a readable \.parquet file"):
        put(datasets, "x.parquet", b"no parquet at all")
    assert datasets.uploaded() == []


def test_changed_bytes_are_noticed(datasets: Datasets, tmp_path: Path) -> None:
    """A data set is its digest."""
    put(datasets)
    (tmp_path / "store" / "datasets" / DIGEST / "data.csv").write_bytes(b"a,y\n1,2\n")
    with pytest.raises(DataError, match="sha-256"), datasets.local("pq.csv"):
        pass


def test_a_damaged_record_is_named_and_hides_no_other(datasets: Datasets, tmp_path: Path) -> None:
    """And what a later version adds to a record is passed over."""
    put(datasets)
    later = put(datasets, "later.csv", CSV + b"5,6,p\n")
    folder = tmp_path / "store" / "datasets"
    (folder / DIGEST / "dataset.json").write_text('{"name": "pq.csv"')
    path = folder / later.sha256 / "dataset.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "colour": "red"}))
    assert datasets.uploaded() == [later]
    with pytest.raises(DataError, match=rf"datasets/{DIGEST}/dataset.json: expected what is known of a data set"):
        datasets.find(DIGEST)
    (folder / "names" / "pq.csv.json").write_text("[]")
    with pytest.raises(DataError, match=r"names/pq\.csv\.json: expected a digest"):
        datasets.find("pq.csv")


def test_data_sets_are_no_model(datasets: Datasets, tmp_path: Path) -> None:
    """Their folder's name is reserved."""
    put(datasets)
    assert Store.open(tmp_path / "store").models() == []
    assert not is_model_name("datasets")


@pytest.mark.parametrize("change", [{"name": 7}, {"size": "1"}, {"rows": 1.5}, {"created_at": None}, {"size": 10**400}])
def test_a_record_of_other_types_is_damaged(datasets: Datasets, tmp_path: Path, change: dict[str, object]) -> None:
    """The list of the others is answered."""
    put(datasets)
    later = put(datasets, "later.csv", CSV + b"5,6,p\n")
    path = tmp_path / "store" / "datasets" / DIGEST / "dataset.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    assert datasets.uploaded() == [later]

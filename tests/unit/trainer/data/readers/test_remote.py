import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from models.errors import DataError
from models.preprocessing.cell_forms import PERCENT
from models.spec import DataSpec
from models.store.datasets import Datasets
from models.store.store import Store
from service.jobs.data_preview.row_counts import count_rows
from trainer.data import load_dataset

CSV = b"a,b,y\n1,2,p\n3,4,q\n5,6,p\n"


class Bucket(BaseHTTPRequestHandler):
    """As much of S3 as it takes to read one object."""

    def do_GET(self) -> None:
        """Give the one object that there is."""
        found = self.path == "/bucket/folder/table.csv"
        content = CSV if found else b"<Error><Code>NoSuchKey</Code></Error>"
        self.send_response(200 if found else 404)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("ETag", '"1"')
        self.send_header("Last-Modified", "Tue, 06 Jan 2026 10:00:00 GMT")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def _bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An object store on this machine, found through the environment."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Bucket)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings = {"ENDPOINT": f"http://127.0.0.1:{server.server_port}", "ALLOW_HTTP": "true", "REGION": "eu-west-1",
                "ACCESS_KEY_ID": "me", "SECRET_ACCESS_KEY": "secret"}  # fmt: skip
    for name, value in settings.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    yield
    server.shutdown()
    server.server_close()


@pytest.mark.usefixtures("_bucket")
def test_an_object_is_read_as_the_file_that_it_is() -> None:
    """Its ending says what kind it is; the digest is of its bytes."""
    dataset = load_dataset(DataSpec("s3://bucket/folder/table.csv"), roots=())
    assert dataset.features[:].tolist() == [[1, 2], [3, 4], [5, 6]]
    assert dataset.source == "s3://bucket/folder/table.csv"
    assert len(dataset.sha256) == 64


@pytest.mark.usefixtures("_bucket")
def test_a_missing_object_is_named() -> None:
    """One message, no traceback."""
    with pytest.raises(DataError, match=r"^s3://bucket/none\.csv: expected an object that can be read"):
        load_dataset(DataSpec("s3://bucket/none.csv"), roots=())


def test_an_uploaded_data_set_is_read_by_name_and_digest(tmp_path: Path) -> None:
    """From the store that the trainer has."""
    datasets = Datasets(Store.open(tmp_path).objects)
    (tmp_path / "here.csv").write_bytes(CSV)
    info = datasets.put("table.csv", tmp_path / "here.csv", created_at="now", count_rows=count_rows)
    for source in ("dataset://table.csv", info.source):
        dataset = load_dataset(DataSpec(source), roots=(), datasets=datasets)
        assert dataset.targets.tolist() == ["p", "q", "p"]
        assert dataset.sha256 == info.sha256


def test_an_upload_is_known_for_text_by_its_file_and_not_by_its_name(tmp_path: Path) -> None:
    """A plain 12 in a column of percentages may mean 0.12; a digest does not tell what kind of file it is."""
    datasets = Datasets(Store.open(tmp_path).objects)
    (tmp_path / "here.csv").write_text("share,kind\n12,a\n13,b\n")
    info = datasets.put("table.csv", tmp_path / "here.csv", created_at="now", count_rows=count_rows)
    for source in ("dataset://table.csv", info.source):
        with pytest.raises(DataError, match=r"column 'share', .* expected a percentage as 12%"):
            load_dataset(DataSpec(source, target="kind"), roots=(), datasets=datasets, forms={"share": PERCENT})


def test_an_unknown_data_set_is_named(tmp_path: Path) -> None:
    """With what it was called."""
    datasets = Datasets(Store.open(tmp_path).objects)
    with pytest.raises(DataError, match=r"dataset://none\.csv: expected the name or sha-256"):
        load_dataset(DataSpec("dataset://none.csv"), roots=(), datasets=datasets)

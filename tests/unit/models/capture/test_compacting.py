from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from models.capture import compacting
from models.capture.captured_source import CapturedSource, read_labelled
from models.capture.compacting import compact_labels, compact_rows
from models.capture.erasing import erase_request
from models.capture.quality_index import QualityIndex, one_by_one
from models.capture.row_export import export_rows
from models.capture.segments import FEEDBACK, captured_folder, list_segments, write_segment
from models.store.store import Store
from tests.captured_rows import FLOWERS, LAYOUT, capture_rows, tell_labels

SOURCE = CapturedSource.of("captured://iris")


@pytest.fixture
def store(tmp_path) -> Store:
    (tmp_path / "store").mkdir()
    return Store.open(tmp_path / "store")


@pytest.fixture
def many(store):
    """Forty segments of two rows each of a minute ago, of which every other row has a label."""
    at_s = datetime.now(UTC).timestamp() - 60
    for number in range(40):
        ids = [f"{number}-a", f"{number}-b"]
        capture_rows(store, ids, at_s=at_s + number)
        tell_labels(store, [(ids[0], FLOWERS[number % 3])])
    return store


def known(store: Store):
    return QualityIndex(lambda: store.objects).look("iris")


def counts(store: Store) -> tuple[int, int]:
    """How many segments there are of rows, and of labels."""
    rows, labels = (len(list_segments(store.objects, one)) for one in (captured_folder("iris"), FEEDBACK))
    return rows, labels


def ids_of(store: Store) -> set[str]:
    return {one["request_id"] for one in export_rows(store.objects, lambda: known(store), SOURCE)}


def test_many_small_segments_become_one_and_say_the_same(many) -> None:
    """Quality, what is trained on to the digest, and what is exported; done again, nothing is to be done."""
    before = known(many).quality(), read_labelled(many.objects, SOURCE).sha256
    exported = export_rows(many.objects, lambda: known(many), SOURCE, is_least_sure_first=True)
    assert (compact_rows(many.objects, "iris"), compact_labels(many.objects)) == (40, 40)
    assert counts(many) == (1, 1)
    assert (known(many).quality(), read_labelled(many.objects, SOURCE).sha256) == before
    assert export_rows(many.objects, lambda: known(many), SOURCE, is_least_sure_first=True) == exported
    assert (compact_rows(many.objects, "iris"), compact_labels(many.objects)) == (0, 0)


def test_few_segments_of_a_day_wait_until_it_is_over(store) -> None:
    """Each row would else be written anew with every few others."""
    for number in range(5):
        capture_rows(store, [f"{number}"])
    now = datetime.now(UTC)
    assert compact_rows(store.objects, "iris", now=now) == 0
    assert compact_rows(store.objects, "iris", now=now + timedelta(days=2)) == 5
    assert counts(store) == (1, 0)
    assert compact_rows(store.objects, "iris", now=now + timedelta(days=2)) == 0


def test_rows_of_several_versions_stay_apart(store) -> None:
    """A segment is of one version; those of the same one come together the next time."""
    for number in range(32):
        capture_rows(store, [f"{number}"], layout=replace(LAYOUT, version=1 + number % 2))
    later = datetime.now(UTC) + timedelta(days=2)
    assert compact_rows(store.objects, "iris") == 32
    assert counts(store)[0] == 2
    for number in range(2):
        capture_rows(store, [f"more-{number}"])
    assert compact_rows(store.objects, "iris", now=later) == 2
    assert compact_rows(store.objects, "iris", now=later) == 2
    assert compact_rows(store.objects, "iris", now=later) == 0
    assert counts(store)[0] == 2
    versions = {one["version"]: one["rows"] for one in known(store).quality()["versions"]}
    assert versions == {1: 18, 2: 16}


def test_a_full_segment_grows_no_more(many, monkeypatch) -> None:
    """What is as large as one may be is read for nothing but itself."""
    monkeypatch.setattr(compacting, "FULL_BYTES", 400)
    compact_rows(many.objects, "iris")
    segments = counts(many)[0]
    assert 1 < segments < 20
    assert compact_rows(many.objects, "iris", now=datetime.now(UTC) + timedelta(days=2)) in (0, 1)
    assert len(known(many).joined.at_s) == 80


def test_cells_of_text_and_gaps_stay_what_they_are(store) -> None:
    """Also where other segments hold numbers only."""
    for number in range(16):
        cells = np.array([[1.5, None if number % 2 else 2.0, "Torgersen"]], object)
        capture_rows(store, [f"{number}"], inputs=cells)
    exported = export_rows(store.objects, lambda: known(store), SOURCE)
    assert compact_rows(store.objects, "iris") == 16
    assert export_rows(store.objects, lambda: known(store), SOURCE) == exported


@pytest.mark.parametrize("when", ["before", "after"])
def test_what_is_erased_meanwhile_does_not_come_back(many, monkeypatch, when) -> None:
    """Before its part was put together or after, by another service: the request is gone, the others stay."""
    write = compacting.write_segment

    def write_beside(objects, path, content) -> None:
        if when == "after":
            write(objects, path, content)
        assert erase_request(many.objects, "iris", "7-a").rows >= 1
        if when == "before":
            write(objects, path, content)

    monkeypatch.setattr(compacting, "write_segment", write_beside)
    compact_rows(many.objects, "iris")
    monkeypatch.undo()
    for _ in range(2):
        assert ids_of(many) == {f"{number}-{row}" for number in range(40) for row in "ab"} - {"7-a"}
        compact_rows(many.objects, "iris")
        compact_labels(many.objects)
    assert erase_request(many.objects, "iris", "7-a").rows == 0


def test_one_that_is_killed_in_between_leaves_rows_that_count_once(many, monkeypatch) -> None:
    """Written, and its parts not deleted yet; the next one puts both together."""
    before = known(many).quality()
    monkeypatch.setattr(compacting, "delete_segments", lambda *_: None)
    compact_rows(many.objects, "iris")
    compact_labels(many.objects)
    monkeypatch.undo()
    assert counts(many) == (41, 41)
    assert known(many).quality() == before
    later = datetime.now(UTC) + timedelta(days=2)
    for _ in range(3):
        compact_rows(many.objects, "iris", now=later)
        compact_labels(many.objects, now=later)
    assert counts(many) == (1, 1)
    assert known(many).quality() == before


def test_a_look_beside_it_misses_no_row(many) -> None:
    """Segments that were listed are gone when they are read: then the look is made again."""
    looks: list[int] = []

    def ask(call, paths):
        looks.append(len(paths))
        if len(looks) == 1:
            compact_rows(many.objects, "iris")
            compact_labels(many.objects)
        return one_by_one(call, paths)

    found = QualityIndex(lambda: many.objects, ask=ask).look("iris")
    assert len(looks) > 2
    assert (len(found.joined.at_s), len(found.joined.labelled.at_s)) == (80, 40)


def test_a_training_beside_it_misses_no_row(many, monkeypatch) -> None:
    """Its rows are put together between its look at them and its reading."""
    look = QualityIndex.look
    times: list[int] = []

    def look_first(index, model, **options):
        found = look(index, model, **options)
        if not times:
            compact_rows(many.objects, "iris")
        times.append(1)
        return found

    expected = read_labelled(many.objects, SOURCE)
    monkeypatch.setattr(QualityIndex, "look", look_first)
    assert read_labelled(many.objects, SOURCE).sha256 == expected.sha256
    assert len(times) == 2


def test_a_damaged_segment_stays_where_it_is(many) -> None:
    """A person may look at it; the others come together."""
    first = list_segments(many.objects, captured_folder("iris"))[0]
    write_segment(many.objects, first.path, b"damaged")
    assert compact_rows(many.objects, "iris") == 39
    assert first.path in {one.path for one in list_segments(many.objects, captured_folder("iris"))}
    assert counts(many)[0] == 2

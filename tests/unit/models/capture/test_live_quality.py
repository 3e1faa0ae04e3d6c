"""Live quality against counting row by row, in plain Python: a hundred thousand labels, out of order, one in ten twice.

`make test-feedback` has as many; here are fewer.
"""

import os
import random
import time
from dataclasses import replace

import numpy as np
import pytest

from models.capture import quality_index
from models.capture.capture_settings import CaptureSettings, change_capture
from models.capture.erasing import Erased, delete_old_segments, erase_request
from models.capture.feedback_items import FeedbackItem, encode_items
from models.capture.label_reading import class_of, classes_of, numbers_of, sureness
from models.capture.quality_index import QualityIndex
from models.capture.segments import FEEDBACK, captured_folder, day_of, list_segments, new_path, write_segment
from models.store.store import Store
from tests.captured_rows import FLOWERS, LAYOUT, capture_rows, tell_labels

LABELS = int(os.environ.get("FEEDBACK_LABELS", "3000"))
SEGMENT = 1000
DAY_S = 86_400


@pytest.fixture
def store(store_folder) -> Store:
    return Store.open(store_folder)


def quality(store: Store, **of):
    return QualityIndex(lambda: store.objects).look("iris").quality(**of)


def test_live_accuracy_is_what_counting_each_row_gives(store) -> None:
    """Names and indexes, versions with classes in another order, corrections that come before what they correct."""
    chance = random.Random(5)
    orders = {1: FLOWERS, 2: FLOWERS[::-1]}
    predicted, told = {}, []
    for start in range(0, LABELS, SEGMENT):
        version = 1 + (start // SEGMENT) % 2
        ids = [f"r{number}" for number in range(start, min(start + SEGMENT, LABELS))]
        outputs = np.random.default_rng(start).random((len(ids), 3)).astype(np.float32)
        capture_rows(store, ids, layout=replace(LAYOUT, version=version, class_names=orders[version]), outputs=outputs)
        for request_id, row in zip(ids, outputs, strict=True):
            predicted[request_id] = version, orders[version][int(row.argmax())]
    now_ns = time.time_ns()
    for request_id, (version, _) in predicted.items():
        for _ in range(2 if chance.random() < 0.1 else 1):
            name = chance.choice(FLOWERS)
            label = chance.choice([name, orders[version].index(name)])
            told.append((FeedbackItem(now_ns + chance.randrange(10**9), request_id, 0, label), name))
    chance.shuffle(told)
    for start in range(0, len(told), SEGMENT):
        content = encode_items([item for item, _ in told[start : start + SEGMENT]])
        write_segment(store.objects, new_path(FEEDBACK, day_of(now_ns / 1e9), ".jsonl.gz"), content)

    truth = {item.request_id: name for item, name in sorted(told, key=lambda one: one[0].received_ns)}
    assert len(told) > LABELS * 1.05
    found = quality(store)
    right = sum(truth[one] == name for one, (_, name) in predicted.items())
    assert (found["rows"], found["labelled"], found["correct"]) == (LABELS, LABELS, right)
    assert found["accuracy"] == right / LABELS
    for one in found["versions"]:
        mine = [request_id for request_id, (version, _) in predicted.items() if version == one["version"]]
        assert one["correct"] == sum(truth[request_id] == predicted[request_id][1] for request_id in mine)
    for one in found["classes"]:
        mine = [request_id for request_id, name in truth.items() if name == one["class"]]
        hits = sum(predicted[request_id][1] == one["class"] for request_id in mine)
        assert (one["labelled"], one["correct"], one["recall"]) == (len(mine), hits, hits / len(mine))
        taken = sum(name == one["class"] for _, name in predicted.values())
        assert (one["predicted"], one["precision"]) == (taken, hits / taken)


def test_a_row_that_came_twice_counts_once(store) -> None:
    """As it was computed last; its label may come before it."""
    tell_labels(store, [("a", "setosa")])
    capture_rows(store, ["a"], outputs=[[1, 0, 0]], at_s=time.time() - 60)
    capture_rows(store, ["a"], outputs=[[0, 1, 0]], layout=replace(LAYOUT, version=2))
    found = quality(store)
    assert (found["rows"], found["correct"], [one["version"] for one in found["versions"]]) == (1, 0, [2])


def test_a_label_is_about_the_model_that_it_names(store) -> None:
    """Where an id was used with several."""
    for model in ("iris", "wine"):
        capture_rows(store, ["a", "b"], outputs=[[1, 0, 0]] * 2, layout=replace(LAYOUT, model=model))
    tell_labels(store, [("a", 0), ("b", 0, "wine")])
    index = QualityIndex(lambda: store.objects)
    assert [index.look(model).quality()["labelled"] for model in ("iris", "wine", "iris")] == [1, 2, 1]


def test_an_index_reads_each_segment_once(store) -> None:
    """What is erased is gone from it, and what is new is there."""
    asked: list[str] = []

    def ask(call, paths):
        asked.extend(paths)
        return {path: call(path) for path in paths}

    index = QualityIndex(lambda: store.objects, ask=ask)
    capture_rows(store, ["a", "b"], outputs=[[1, 0, 0]] * 2)
    tell_labels(store, [("a", 0), ("b", 1)])
    assert index.look("iris").right_and_labelled() == (1, 2)
    known = index.look("iris")
    assert index.look("iris") is known
    assert len(asked) == 2
    assert erase_request(store.objects, "iris", "b") == Erased(1, 1)
    assert index.look("iris").right_and_labelled() == (1, 1)
    assert len(asked) == 4


def test_days_that_are_over_go(store) -> None:
    """By the model's own settings; labels by the longest."""
    change_capture(store, "iris", CaptureSettings(1.0, keep_days=7))
    change_capture(store, "wine", CaptureSettings(0.0, keep_days=90))
    now_s = time.time()
    for days in (0, 7, 8, 30):
        for model in ("iris", "wine"):
            capture_rows(store, ["a"], layout=replace(LAYOUT, model=model), at_s=now_s - days * DAY_S)
    for days in (30, 91):
        content = encode_items([FeedbackItem(0, "a", 0, 1)])
        write_segment(store.objects, new_path(FEEDBACK, day_of(now_s - days * DAY_S), ".jsonl.gz"), content)
    (store.folder / "iris" / "captured" / "notes.txt").write_text("mine")
    assert delete_old_segments(store) == 3
    folders = (captured_folder("iris"), captured_folder("wine"), FEEDBACK)
    assert [len(list_segments(store.objects, one)) for one in folders] == [2, 4, 1]


def test_a_damaged_segment_is_passed_over(store) -> None:
    """Whatever it holds; all others count."""
    capture_rows(store, ["a"], outputs=[[1, 0, 0]])
    tell_labels(store, [("a", 0)])
    today = day_of(time.time())
    for content in (b"", b"PK", b"{}"):
        write_segment(store.objects, new_path(captured_folder("iris"), today, ".npz"), content)
        write_segment(store.objects, new_path(FEEDBACK, today, ".jsonl.gz"), content)
    (store.folder / "iris" / "captured" / "2026-99-99").mkdir()
    (store.folder / "iris" / "captured" / "2026-99-99" / "x.npz").write_bytes(b"")
    assert quality(store)["correct"] == 1
    assert erase_request(store.objects, "iris", "a").rows == 1


@pytest.mark.parametrize(
    ("label", "names", "meant"),
    [
        ("b", "abc", "b"), (1, "abc", "b"), ("1", "abc", "b"), (1.0, "abc", "b"), (3, "abc", None), (-1, "abc", None),
        (True, ("false", "true"), "true"), (5, ("3", "5", "7"), "5"), (2, ("3", "5", "7"), "7"), ("A", "abc", None),
        (["a"], "abc", None), ("٣", "abcd", None), ("9" * 30, "abc", None),
    ],
)  # fmt: skip
def test_a_label_means_a_class_by_its_name_or_else_by_its_index(label, names, meant) -> None:
    """A number is a name first."""
    assert class_of(label, tuple(names)) == meant


def test_labels_of_several_kinds() -> None:
    """Lists of names, of indexes, of 0 and 1; numbers as numbers or as text."""
    names = ("red", "round", "old")
    assert {classes_of(one, names) for one in (["old", "red"], [1, 0, 1], [2, 0])} == {("red", "old")}
    assert classes_of([], names) == ()
    assert classes_of(["blue"], names) is classes_of("red", names) is None
    assert numbers_of(2, 1) == numbers_of("2.0", 1) == numbers_of([2], 1) == (2.0,)
    assert numbers_of("two", 1) is numbers_of([1, 2], 1) is None


def test_sureness_is_the_margin() -> None:
    """Of the two best classes; of a threshold."""
    softmax = sureness(np.array([[0.5, 0.4, 0.1], [1, 0, 0]], np.float32), LAYOUT)
    assert softmax == pytest.approx([0.1, 1.0])
    sigmoid = sureness(np.array([[0.75], [0.3]], np.float32), replace(LAYOUT, task="sigmoid", threshold=0.7))
    assert sigmoid == pytest.approx([0.05, 0.4])


def test_of_very_many_rows_the_newest_are_known(store, monkeypatch) -> None:
    """As many as may be, and those beside them in their segments; of several models the ones that were asked last."""
    monkeypatch.setattr(quality_index, "AT_ONCE", 2)
    for number in range(10):
        capture_rows(store, [f"{number}-a", f"{number}-b"])
        capture_rows(store, [f"{number}"], layout=replace(LAYOUT, model="rose"))
    read: list[str] = []

    def ask(call, paths):
        read.extend(paths)
        return quality_index.one_by_one(call, paths)

    ticks = iter(range(1000))
    index = QualityIndex(lambda: store.objects, ask=ask, most=7, clock=lambda: next(ticks))
    for _ in range(2):
        assert index.look("iris", anew=True).quality()["rows"] == 8
        assert len(read) == 4
    assert not index.look("iris").is_complete
    assert index.look("rose").quality()["rows"] == 8
    index.look("iris")
    assert len(read) == 4 + 8 + 4
    assert QualityIndex(lambda: store.objects).look("iris").is_complete

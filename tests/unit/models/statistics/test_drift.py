import json
from dataclasses import replace

import numpy as np
import pytest

from models.preprocessing.instances import Feature, InstanceSpec
from models.statistics.drift import compare
from models.statistics.output_columns import OutputColumns
from models.statistics.profiling import chosen_rows, profile
from models.statistics.version_statistics import StatisticsError, VersionStatistics

CLASSES = OutputColumns("softmax", ("no", "yes"), 2)
TABLE = InstanceSpec((3,), (Feature("age"), Feature("island", "category", optional=True), Feature("day", "date")))


def predicted(rows: int, share: float, rng) -> np.ndarray:
    """Predictions of which this share is of the second class."""
    second = rng.beta(2, 2, rows) / 2 + 0.5
    is_second = rng.random(rows) < share
    scores = np.where(is_second, second, 1 - second)
    return np.stack([1 - scores, scores], axis=1).astype(np.float32)


def normal_statistics(rows: int = 5000, features: int = 8, seed: int = 0) -> VersionStatistics:
    """Of normal features and two classes that are equally frequent."""
    rng = np.random.default_rng(seed)
    batches = [rng.normal(size=(rows // 2, features)) for _ in range(2)]
    return profile(
        InstanceSpec((features,)), CLASSES, batches, predicted(rows, 0.5, rng), rows=rows, data={"part": "train"}
    )


def window(statistics, rows: int, *, shift: float = 0.0, share: float = 0.5, seed: int = 1):
    """What a window of live rows shows, in which one feature is shifted."""
    rng = np.random.default_rng(seed)
    batch = rng.normal(size=(rows, len(statistics.features))).astype(np.float32)
    batch[:, 2] += shift
    return compare(statistics, statistics.count(CLASSES, batch, predicted(rows, share, rng)))


@pytest.mark.parametrize("rows", [200, 2000])
def test_windows_of_the_same_kind_raise_no_alarm(rows) -> None:
    """`make bench-drift` counts them for larger windows too."""
    statistics = normal_statistics()
    assert [window(statistics, rows, seed=seed).alarms for seed in range(30)] == [[]] * 30


def test_a_shift_of_half_a_deviation_is_found_and_named() -> None:
    """In one feature of eight."""
    found = window(normal_statistics(), 2000, shift=0.5)
    (alarm,) = found.alarms
    assert alarm.startswith("'x2' has drifted: PSI 0.2")
    assert 0.1 < found.drift < 0.4
    assert [one["drifted"] for one in found.document["features"]] == [False, False, True] + [False] * 5


def test_a_changed_share_of_classes_is_found() -> None:
    """60 to 40 instead of half and half."""
    (alarm,) = window(normal_statistics(), 2000, share=0.6).alarms
    assert alarm.startswith("'predicted class' has drifted")


def test_what_does_not_matter_is_no_alarm_in_a_million_rows() -> None:
    """It is beyond chance, and small."""
    found = window(normal_statistics(), 200_000, shift=0.05)
    assert found.drift == pytest.approx(0, abs=0.01)
    assert found.alarms == []


def test_darker_pictures_are_found() -> None:
    """By a fifth, in five hundred of them."""
    rng = np.random.default_rng(3)

    def pictures(rows: int) -> np.ndarray:
        return rng.uniform(0.2, 1, (rows, 1, 1, 1)) * rng.random((rows, 8, 8, 3))

    statistics = profile(InstanceSpec((8, 8, 3)), CLASSES, [pictures(2000)], predicted(2000, 0.5, rng),
                         rows=2000, data={})  # fmt: skip
    assert statistics.columns.names == ("brightness", "contrast", "red", "green", "blue")
    darker = statistics.count(CLASSES, (0.8 * pictures(500)).astype(np.float32), predicted(500, 0.5, rng))
    assert any("'brightness' has drifted" in alarm for alarm in compare(statistics, darker).alarms)


def test_gaps_ranges_and_unseen_categories_are_told() -> None:
    """Each with how many rows have it."""
    rng = np.random.default_rng(5)
    cells = np.empty((1000, 3), object)
    cells[:, 0] = rng.normal(size=1000).tolist()
    cells[:, 1] = rng.choice(["Biscoe", "Dream"], 1000)
    cells[:, 2] = "2024-05-31"
    statistics = profile(TABLE, CLASSES, [cells], predicted(1000, 0.5, rng), rows=1000, data={})
    live = cells[:200].copy()
    live[:20, 0], live[20:40, 1], live[40:80, 1] = 99.0, "Torgersen", None
    found = compare(statistics, statistics.count(CLASSES, live, predicted(200, 0.5, rng)))
    alarms = "\n".join(found.alarms)
    assert "'age' is above the largest of the training rows in 10.0% of 200 rows" in alarms
    assert "'island' is a category that no training row has in 10.0% of 200 rows" in alarms
    assert "'island' has no value in 20.0% of 200 rows; of the training rows 0.0%" in alarms
    assert "'day'" not in alarms
    json.dumps(found.document, allow_nan=False)


def test_few_rows_say_nothing() -> None:
    """Nor does an empty window."""
    assert window(normal_statistics(), 20, shift=5).alarms == []
    statistics = normal_statistics(rows=200)
    empty = compare(statistics, np.zeros(statistics.slots, np.int64))
    assert (empty.rows, empty.drift, empty.alarms) == (0, 0.0, [])
    json.dumps(empty.document, allow_nan=False)


def test_the_file_is_read_back_and_a_changed_one_is_refused() -> None:
    """By its own digest, its format and its schema."""
    statistics = normal_statistics(rows=200)
    content = statistics.to_json()
    assert VersionStatistics.from_json(content) == statistics
    changed = [
        content.replace(b'"rows": 200', b'"rows": 201'),
        content[:-9],
        b"[]",
        content.replace(b": 1,", b": 2,", 1),
    ]
    for one in changed:
        with pytest.raises(StatisticsError):
            VersionStatistics.from_json(one)


@pytest.mark.parametrize(
    ("shape", "names"),
    [
        ((28, 28), ("brightness", "contrast")),
        ((28, 28, 1), ("brightness", "contrast")),
        ((128, 3), ("mean", "deviation", "channel 0", "channel 1", "channel 2")),
        ((784,), ("mean", "deviation")),
        ((2,), ("x0", "x1")),
    ],
)
def test_what_is_looked_at_follows_from_the_shape(shape, names) -> None:
    """Pictures, series, long vectors, short ones."""
    rng = np.random.default_rng(0)
    batch = rng.random((6, *shape))
    statistics = profile(InstanceSpec(shape), CLASSES, [batch], predicted(6, 0.5, rng), rows=6, data={})
    assert statistics.columns.names == names
    counts = statistics.count(CLASSES, batch.astype(np.float32), predicted(6, 0.5, rng))
    assert {bins.read(part).rows for bins, part in statistics.split(counts)} == {6}


def test_words_are_looked_at_by_length_and_frequency() -> None:
    """Rows of numbers of words, padded with 0."""
    rng = np.random.default_rng(0)
    batch = rng.zipf(1.3, (400, 40)).clip(0, 5000)
    batch[:, 20:] *= rng.random((400, 1)) < 0.5
    statistics = profile(InstanceSpec((40,)), CLASSES, [batch], predicted(400, 0.5, rng), rows=400, data={})
    assert statistics.columns.names == ("length", "frequent words")
    other = rng.integers(4000, 5000, (300, 40)).astype(np.float32)
    alarms = compare(statistics, statistics.count(CLASSES, other, predicted(300, 0.5, rng))).alarms
    assert len([alarm for alarm in alarms if "has drifted" in alarm]) == 2


@pytest.mark.parametrize(("task", "units", "names"), [
    ("sigmoid", 1, ("predicted class", "confidence")), ("multilabel", 2, ("no", "yes")), ("regression", 1, ("output",)),
])  # fmt: skip
def test_predictions_of_every_task_are_counted(task, units, names) -> None:
    """Classes by their threshold, labels one by one, numbers as they are."""
    outputs = OutputColumns(task, ("no", "yes"), units, 0.3 if task != "regression" else None)
    scores = np.linspace(0, 1, 50, dtype=np.float32)[:, None].repeat(units, axis=1)
    bins = outputs.bins(outputs.of_batch(scores))
    assert tuple(one.name for one in bins) == names
    if task == "sigmoid":
        assert bins[0].counts == (15, 35, 0)


def test_rows_are_spread_evenly() -> None:
    """All, where they are few."""
    assert chosen_rows(3).tolist() == [0, 1, 2]
    assert chosen_rows(100, 3).tolist() == [0, 49, 99]


def test_an_older_format_is_told() -> None:
    """It names both."""
    statistics = replace(normal_statistics(rows=200), data={"source": "ü"})
    assert "ü".encode() in statistics.to_json()
    with pytest.raises(StatisticsError, match="expected format_version 1; received 7"):
        VersionStatistics.from_json(b'{"format_version": 7}')

import base64
import io

import numpy as np
from PIL import Image

from models.preprocessing.instances import Feature
from models.sources.class_labels import Labels
from models.spec.head import SOFTMAX
from trainer.data import Dataset
from trainer.data.head import Head
from trainer.data.part import Part
from trainer.data.preparation import Piece
from trainer.evaluation.label_errors import MOST_SUSPECTS, find_suspects, suspected_labels
from trainer.evaluation.network_facts import best_epoch
from trainer.evaluation.shown_rows import shown_row

RNG = np.random.default_rng(6)
ROWS = 600
TRUE = RNG.integers(0, 3, ROWS)
PROBABILITIES = (0.85 * np.eye(3)[TRUE] + 0.15 * RNG.dirichlet(np.ones(3), ROWS)).astype(np.float32)


def test_flipped_labels_are_found() -> None:
    """Most of them, as far as the network is as sure as it is of that class on average, and no others."""
    flipped = np.sort(RNG.permutation(ROWS)[:30])
    labels = TRUE.copy()
    labels[flipped] = (labels[flipped] + 1) % 3
    found = find_suspects(labels, PROBABILITIES).tolist()
    assert set(found) <= set(flipped.tolist())
    assert len(found) > 20


def test_a_mistake_that_is_not_sure_is_no_suspect() -> None:
    """A class that is likely only in comparison does not reach the mean of its own rows."""
    labels, probabilities = TRUE.copy(), PROBABILITIES.copy()
    probabilities[0] = 0.3
    probabilities[0, (TRUE[0] + 1) % 3] = 0.4
    assert find_suspects(labels, probabilities).tolist() == []


def test_suspects_are_named_by_part_and_row() -> None:
    """Of validation and test, as many as have room."""
    labels = (TRUE + (np.arange(ROWS) % 10 == 0)) % 3
    pieces = {}
    for name, rows in (("validation", slice(0, 300)), ("test", slice(300, ROWS))):
        table = np.zeros((300, 2))
        part = Part(table, labels[rows])
        pieces[name] = Piece(Dataset("a.csv", table, labels[rows], ""), Labels(labels[rows], ("a", "b", "c")), part)
    predictions = {"validation": PROBABILITIES[:300], "test": PROBABILITIES[300:]}
    found = suspected_labels(Head(SOFTMAX, 3), pieces, predictions)
    assert (found["rows"], found["count"], len(found["suspects"])) == (ROWS, 60, MOST_SUSPECTS)
    assert {one["part"] for one in found["suspects"]} == {"validation", "test"}
    assert found["suspects"][0]["row_name"] == f"line {found['suspects'][0]['source_row'] + 2}"


def test_a_row_is_shown_as_its_cells_or_as_a_small_picture() -> None:
    """Numbers without names that make a square are a picture, too; long text is cut."""
    cells = np.array([[1.5, "x" * 100, None]], dtype=object)
    table = Dataset("t.csv", cells, np.zeros(1), "", (Feature("a"), Feature("b", "category"), Feature("c")))
    assert shown_row(table, 0) == {"values": {"a": 1.5, "b": "x" * 60, "c": None}}
    for shape, size in (((200, 100, 3), (24, 48)), ((8, 8), (8, 8)), ((64,), (8, 8)), ((8, 8, 1), (8, 8))):
        raw = Dataset("i.npz", RNG.integers(0, 255, (1, *shape)).astype(np.uint8), np.zeros(1), "")
        picture = Image.open(io.BytesIO(base64.b64decode(shown_row(raw, 0)["image"])))
        assert picture.size == size
    assert shown_row(Dataset("i.npz", np.zeros((1, 5, 5, 5, 5)), np.zeros(1), ""), 0) == {}


def test_the_best_epoch_is_counted_from_one() -> None:
    """By the validation loss, where there is one."""
    assert best_epoch([{"loss": 3, "val_loss": 2}, {"loss": 2, "val_loss": 1}, {"loss": 1, "val_loss": 3}]) == {
        "metric": "val_loss", "epoch": 2}  # fmt: skip
    assert best_epoch([{"loss": 3}, {"loss": 2}]) == {"metric": "loss", "epoch": 2}
    assert best_epoch([]) is None

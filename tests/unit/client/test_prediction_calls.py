import json

import numpy as np
import polars as pl
import pytest
from onehot_client import InvalidInput, TooLarge, UnexpectedAnswer
from onehot_client.operations import Operations
from onehot_client.operations import prediction_calls as module
from onehot_client.rows.npy_format import decode_npy

from tests.unit.client.conftest import metadata, outputs, response

ROW = np.array([[1.0, 2.0]], np.float32)
FEATURES = [{"name": "a", "kind": "number"}, {"name": "b", "kind": "number"}]
TOO_LARGE = TooLarge(status=413, message="too large")


@pytest.fixture
def operations() -> Operations:
    """Of one client."""
    return Operations()


def test_a_prediction_is_asked_in_binary_and_read_as_arrays(operations, done):
    """What the model takes and gives is asked first."""
    answer, calls = done(operations.predict("pets", ROW), metadata(), outputs([0.25, 0.75]))
    assert [(call.method, call.path) for call in calls] == [
        ("GET", "/v1/models/pets/metadata"), ("POST", "/v1/models/pets:predict"),
    ]  # fmt: skip
    assert calls[1].headers == {
        "Content-Type": "application/x-npy", "Accept": "application/x-npy", "Accept-Encoding": "identity",
    }  # fmt: skip
    assert decode_npy(calls[1].content).tolist() == [[1, 2]]
    assert (answer.classes.tolist(), answer.version, answer.request_id) == (["dog"], 1, "request-1")


def test_what_a_model_takes_is_asked_once(operations, done):
    """The next prediction is one request."""
    done(operations.predict("pets", ROW), metadata(), outputs([0.25, 0.75]))
    _, calls = done(operations.predict("pets", ROW), outputs([0.25, 0.75]))
    assert len(calls) == 1


def test_a_new_version_is_asked_what_it_gives(operations, done):
    """Once: the next prediction goes by it."""
    done(operations.predict("pets", ROW), metadata(), outputs([0.25, 0.75]))
    new = metadata(2, class_names=["dog", "cat"])
    answer, calls = done(operations.predict("pets", ROW), outputs([0.25, 0.75], version=2), new)
    assert calls[1].path == "/v1/models/pets/versions/2/metadata"
    assert (answer.classes.tolist(), answer.version) == (["cat"], 2)
    assert len(done(operations.predict("pets", ROW), outputs([0.25, 0.75], version=2))[1]) == 1


@pytest.mark.parametrize(
    ("chosen", "path"), [({"version": 3}, "/versions/3"), ({"label": "canary"}, "/labels/canary"), ({}, "")]
)
def test_a_version_is_chosen_by_number_or_by_label(operations, done, chosen, path):
    """As in TensorFlow Serving."""
    _, calls = done(operations.predict("pets", ROW, **chosen), metadata(3), outputs([1, 0], version=3))
    assert calls[1].path == f"/v1/models/pets{path}:predict"


def test_a_version_and_a_label_exclude_each_other(operations, done):
    """One of them would be passed over."""
    with pytest.raises(InvalidInput, match="one of them"):
        done(operations.predict("pets", ROW, version=1, label="stable"))


def test_many_rows_go_in_pieces_to_one_version(operations, done, monkeypatch):
    """The one that answered the first piece."""
    monkeypatch.setattr(module, "PIECE_BYTES", 16)
    rows = np.arange(10, dtype=np.float32).reshape(5, 2)
    answers = [outputs([0, 1], [1, 0]), outputs([0, 1], [0, 1]), outputs([1, 0])]
    answer, calls = done(operations.predict("pets", rows), metadata(), *answers)
    assert [call.path for call in calls[1:]] == ["/v1/models/pets:predict", *["/v1/models/pets/versions/1:predict"] * 2]
    assert np.concatenate([decode_npy(call.content) for call in calls[1:]]).tolist() == rows.tolist()
    assert answer.classes.tolist() == ["dog", "cat", "dog", "dog", "cat"]
    assert [one.rows for one in answer.requests] == [2, 2, 1]


def test_a_piece_that_is_too_large_is_sent_in_halves(operations, done):
    """Until the service takes it; the other pieces are as small at once."""
    rows = np.zeros((5, 2), np.float32)
    answers = [TOO_LARGE, outputs([0, 1], [0, 1]), TOO_LARGE, *[outputs([0, 1])] * 3]
    answer, calls = done(operations.predict("pets", rows), metadata(), *answers)
    assert [len(decode_npy(call.content)) for call in calls[1:]] == [5, 2, 2, 1, 1, 1]
    assert len(answer) == 5


def test_one_row_that_is_too_large_is_told(operations, done):
    """There is no half of it."""
    with pytest.raises(TooLarge):
        done(operations.predict("pets", ROW), metadata(), TOO_LARGE)


def test_a_frame_is_asked_again_where_another_version_has_other_columns(operations, done):
    """Columns that were put in the order of version 1 say nothing to version 2."""
    frame = pl.DataFrame({"a": [1.0], "b": [2.0]})
    other = metadata(2, features=FEATURES[::-1])
    answers = [metadata(features=FEATURES), outputs([1, 0], version=2), other, outputs([0, 1], version=2)]
    answer, calls = done(operations.predict("pets", frame), *answers)
    assert [decode_npy(call.content).tolist() for call in (calls[1], calls[3])] == [[[1, 2]], [[2, 1]]]
    assert calls[3].path == "/v1/models/pets/versions/2:predict"
    assert (answer.classes.tolist(), answer.version) == (["dog"], 2)


@pytest.mark.parametrize(
    "strange",
    [response(content=b"<html>", X_Onehot_Model_Version="1"), response({"predictions": [[1, 0]]})],
)
def test_an_answer_of_something_else_is_told(operations, done, strange):
    """With what came instead."""
    with pytest.raises(UnexpectedAnswer, match="expected"):
        done(operations.predict("pets", ROW), metadata(), strange)


def test_labels_come_ranked_as_the_service_ranks_them(operations, done):
    """Each with its score."""
    ranked = response({"results": [[["dog", 0.75], ["cat", 0.25]]]}, X_Onehot_Model_Version="1", X_Request_Id="r1")
    answer, calls = done(operations.classify("pets", [[1, 2]], top_k=2), metadata(), ranked)
    assert (calls[1].path, calls[1].params) == ("/v1/models/pets:classify", {"top_k": "2"})
    assert json.loads(calls[1].content) == {"instances": [[1, 2]]}
    assert (answer.results, answer.version, answer.request_id) == ([[("dog", 0.75), ("cat", 0.25)]], 1, "r1")

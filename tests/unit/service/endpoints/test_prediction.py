import math
from io import BytesIO

import numpy as np
import pytest

VERSION = "X-Onehot-Model-Version"
ROWS = np.random.default_rng(3).random((5, 8)).round(4).tolist()


@pytest.fixture(autouse=True)
def _two_versions(publish, registry) -> None:
    """Version 1 is stable; 2 computes something else."""
    publish()
    publish("classic", "classic-b", promote=False)
    publish("digits", "digits")
    registry.refresh()


def test_rows_in_predictions_out(client, compute) -> None:
    """Five rows of three probabilities, each summing to one."""
    answer = client.post("/v1/models/classic:predict", json={"instances": ROWS})
    assert answer.status_code == 200
    assert answer.content_type == "application/json"
    assert answer.headers[VERSION] == "1"
    predictions = np.array(answer.json["predictions"])
    assert predictions.shape == (5, 3)
    assert np.allclose(predictions.sum(axis=1), 1, atol=1e-5)
    assert np.allclose(predictions, compute("classic-a", ROWS), atol=1e-6)


def test_columns_in_outputs_out(client, compute) -> None:
    """The columnar form, bare and by the input's name."""
    for inputs in (ROWS, {"x": ROWS}):
        answer = client.post("/v1/models/classic:predict", json={"inputs": inputs})
        assert np.allclose(answer.json["outputs"], compute("classic-a", ROWS), atol=1e-6)


@pytest.mark.parametrize(
    ("place", "version", "graph"),
    [("", 1, "classic-a"), ("/versions/1", 1, "classic-a"), ("/versions/2", 2, "classic-b"),
     ("/labels/stable", 1, "classic-a"), ("/labels/latest", 2, "classic-b")],
)  # fmt: skip
def test_versions_and_labels_are_found(client, compute, place, version, graph) -> None:
    """The answer says which version it comes from, and does."""
    answer = client.post(f"/v1/models/classic{place}:predict", json={"instances": ROWS})
    assert answer.headers[VERSION] == str(version)
    assert np.allclose(answer.json["predictions"], compute(graph, ROWS), atol=1e-6)


def test_a_matrix_and_784_numbers_give_the_same(client) -> None:
    """And 783 are refused, with instance, expected and received shape."""
    image = np.random.default_rng(4).random((28, 28)).round(3)
    nested = client.post("/v1/models/digits:predict", json={"instances": [image.tolist()]})
    flat = client.post("/v1/models/digits:predict", json={"instances": [image.ravel().tolist()]})
    assert nested.json == flat.json
    short = client.post("/v1/models/digits:predict", json={"instances": [[0] * 784, [0] * 783]})
    assert short.status_code == 400
    assert short.json["error"].startswith("instances[1]: expected shape [28, 28] or 784 flat values")
    assert short.json["error"].endswith("received shape [783]")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('{"instances": [[1,2,3,4,5,6,7,NaN]]}', "NaN"),
        ('{"instances": [[1,2,3,4,5,6,7,-Infinity]]}', "-Infinity"),
        ('{"instances": [[1,2,3,4,5,6,7,1e39]]}', "instances[0]"),
        ('{"instances": [[1,2,3,4,5,6,7,"8"]]}', "instances[0]"),
        ('{"instances": [[1,2,3,4,5,6,7,true]]}', "instances[0]"),
        ('{"instances": [[1,2,3,4,5,6,7,null]]}', "instances[0]"),
        ('{"instances": [[1,2,3,4,5,6,7,8],[1,2]]}', "instances[1]"),
        ('{"instances": []}', "at least one instance"),
        ('{"instances": 1}', "a list"),
        ('{"inputs": [[1]]}', "inputs[0]"),
        ('{"instances": [[[1,2],[3]]]}', "ragged"),
        ('{"instances": [{"x": [1]}]}', "instances[0]"),
        ("{}", "instances"),
        ("[", "JSON"),
        ("[1]", "object"),
        ("", "nothing"),
    ],
)
def test_what_cannot_be_predicted_is_a_400_that_names_the_place(client, body, said) -> None:
    """In the one form that errors have."""
    answer = client.post("/v1/models/classic:predict", data=body, content_type="application/json")
    assert answer.status_code == 400
    assert said in answer.json["error"]
    assert answer.headers["X-Request-Id"]


def test_an_answer_is_always_valid_json(client) -> None:
    """Values that overflow inside the network are the caller's to mend."""
    answer = client.post("/v1/models/classic:predict", json={"instances": [[3e38, -3e38] * 4]})
    assert answer.status_code == 400
    assert "instances[0]" in answer.json["error"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/models/nobody:predict", 404),
        ("/v1/models/classic/versions/9:predict", 404),
        ("/v1/models/classic/versions/99999999999999999999999:predict", 404),
        ("/v1/models/classic/labels/nobody:predict", 404),
        ("/v1/models/..:predict", 404),
        ("/v1/models/..%2f..:predict", 400),
        ("/v1/models/Bad Name:predict", 404),
        ("/v1/models/classic:explode", 400),
        ("/v1/models/classic/versions/x:predict", 400),
        ("/nothing", 404),
        ("//v1/models", 404),
    ],
)
def test_what_does_not_exist_is_said_so(client, path, status) -> None:
    """As JSON."""
    answer = client.post(path, json={"instances": ROWS})
    assert answer.status_code == status
    assert answer.json["error"]


def test_another_method_is_a_405(client) -> None:
    """It says which one is right."""
    answer = client.get("/v1/models/classic:predict")
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]
    assert "POST" in answer.json["error"]


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "application/x-www-form-urlencoded", None])
def test_json_is_json_whatever_curl_calls_it(client, content_type) -> None:
    """`curl -d` says that it sends a form."""
    data = '{"instances": [[1,2,3,4,5,6,7,8]]}'
    assert client.post("/v1/models/classic:predict", data=data, content_type=content_type).status_code == 200


def test_a_body_of_another_kind_is_a_415(client) -> None:
    """It says what is read."""
    answer = client.post("/v1/models/classic:predict", data=b"x", content_type="application/pdf")
    assert answer.status_code == 415
    assert "application/json" in answer.json["error"]


def test_a_body_over_the_limit_is_a_413(client) -> None:
    """Announced or not."""
    body = b'{"instances": [' + b"0," * 600_000 + b"0]}"
    announced = client.post("/v1/models/classic:predict", data=body, content_type="application/json")
    chunked = client.post(
        "/v1/models/classic:predict", content_type="application/json",
        environ_overrides={"wsgi.input": BytesIO(body), "wsgi.input_terminated": True,
                           "HTTP_TRANSFER_ENCODING": "chunked"},
    )  # fmt: skip
    for answer in (announced, chunked):
        assert answer.status_code == 413
        assert "ONEHOT_MAX_BODY_BYTES" in answer.json["error"]


def test_classify_gives_labels_with_scores(client, compute) -> None:
    """The best first, as many as asked for; the key is `results`."""
    answer = client.post("/v1/models/classic:classify?top_k=2", json={"instances": ROWS})
    expected = compute("classic-a", ROWS)
    assert answer.headers[VERSION] == "1"
    for row, result in zip(expected, answer.json["results"], strict=True):
        best = np.argsort(-row)[:2]
        assert [label for label, _ in result] == [f"class {index}" for index in best]
        assert np.allclose([score for _, score in result], row[best], atol=1e-6)
    examples = client.post("/v1/models/classic:classify", json={"examples": [{"x": row} for row in ROWS]})
    assert [len(result) for result in examples.json["results"]] == [3] * 5


@pytest.mark.parametrize("top_k", ["0", "-1", "x", "1.5", ""])
def test_a_wrong_top_k_is_refused(client, top_k) -> None:
    """By its name."""
    answer = client.post(f"/v1/models/classic:classify?top_k={top_k}", json={"instances": ROWS})
    assert answer.status_code == 400
    assert "top_k" in answer.json["error"]


def test_a_version_that_cannot_answer_now_is_a_503(client, registry, publish, flip_byte) -> None:
    """With the reason, and when to come again."""
    publish("other")
    flip_byte("other", 1)
    registry.refresh()
    answer = client.post("/v1/models/other:predict", json={"instances": ROWS})
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) >= 1
    assert "model.onnx of version 1" in answer.json["error"]


def test_numbers_keep_their_precision(client, compute) -> None:
    """What is written is the float32, not a rounded one."""
    answer = client.post("/v1/models/classic:predict", json={"instances": ROWS[:1]})
    for written, exact in zip(answer.json["predictions"][0], compute("classic-a", ROWS[:1])[0], strict=True):
        assert math.isclose(written, exact, rel_tol=1e-5)
        assert float(np.float32(written)) == pytest.approx(written, rel=1e-7)

"""TensorFlow Serving's REST interface, case by case from its specification and its server's source."""

import base64
import gzip
import io
import json
import re

import numpy as np
import pytest
from PIL import Image

VERSION = "X-Onehot-Model-Version"
PREDICT = "/v1/models/classic:predict"
ROW = [0.5, -0.25, 0.125, 1.0, 0.0, 2.0, -1.0, 0.75]
OTHER = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]
WAYS = [
    ("classic", 1, "classic-a"),
    ("classic/versions/1", 1, "classic-a"),
    ("classic/versions/2", 2, "classic-b"),
    ("classic/labels/stable", 1, "classic-a"),
    ("classic/labels/latest", 2, "classic-b"),
]
FLOWER = {"a": 1, "b": 2, "c": 3, "d": 4, "gap": None, "island": "dream"}


def png(pixels):
    file = io.BytesIO()
    Image.fromarray(np.asarray(pixels, np.uint8)).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize(("place", "version", "graph"), WAYS)
def test_predict_in_row_form(client, compute, place, version, graph):
    """`instances` in, `predictions` out, from the version that the path names."""
    answer = client.post(f"/v1/models/{place}:predict", json={"instances": [ROW, OTHER]})
    assert (answer.status_code, answer.headers[VERSION]) == (200, str(version))
    assert list(answer.json) == ["predictions"]
    assert np.allclose(answer.json["predictions"], compute(graph, [ROW, OTHER]), atol=1e-6)


@pytest.mark.parametrize(("place", "version", "graph"), WAYS)
def test_predict_in_columnar_form(client, compute, place, version, graph):
    """`inputs` in, `outputs` out."""
    answer = client.post(f"/v1/models/{place}:predict", json={"inputs": [ROW, OTHER]})
    assert (answer.status_code, answer.headers[VERSION]) == (200, str(version))
    assert list(answer.json) == ["outputs"]
    assert np.allclose(answer.json["outputs"], compute(graph, [ROW, OTHER]), atol=1e-6)


@pytest.mark.parametrize(
    ("document", "key"),
    [
        ({"instances": [ROW]}, "predictions"),
        ({"instances": [{"x": ROW}]}, "predictions"),
        ({"inputs": [ROW]}, "outputs"),
        ({"inputs": {"x": [ROW]}}, "outputs"),
        ({"inputs": {"x": [ROW], "another": 1}}, "outputs"),
        ({"signature_name": "serving_default", "instances": [ROW]}, "predictions"),
        ({"signature_name": "", "instances": [ROW]}, "predictions"),
        ({"instances": [ROW], "unknown": {"key": 1}}, "predictions"),
    ],
)
def test_every_form_of_one_request_gives_the_same_numbers(client, compute, document, key):
    """Bare or by the input's name; with the default signature or none; other keys are passed over."""
    answer = client.post(PREDICT, json=document)
    assert answer.status_code == 200
    assert np.allclose(answer.json[key], compute("classic-a", [ROW]), atol=1e-6)


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({}, 'either "instances" or "inputs"'),
        ({"instances": [ROW], "inputs": [ROW]}, "either"),
        ({"instances": []}, "at least one instance"),
        ({"instances": ROW}, "instances[0]"),
        ({"instances": {"x": [ROW]}}, "a list"),
        ({"instances": "text"}, "a list"),
        ({"instances": None}, "a list"),
        ({"instances": [ROW, ROW[:7]]}, "instances[1]"),
        ({"instances": [[*ROW[:7], "0.75"]]}, "instances[0]"),
        ({"instances": [[*ROW[:7], True]]}, "instances[0]"),
        ({"instances": [[*ROW[:7], None]]}, "instances[0]"),
        ({"instances": [[*ROW[:7], {"b64": "AAAA"}]]}, "instances[0]"),
        ({"instances": [{"x": ROW, "y": ROW}]}, "instances[0]"),
        ({"instances": [{"wrong": ROW}]}, "instances[0]"),
        ({"inputs": {"wrong": [ROW]}}, "a value for the input 'x'"),
        ({"inputs": {}}, "a value for the input 'x'"),
        ({"inputs": []}, "at least one instance"),
        ({"inputs": 1}, "inputs"),
        ({"signature_name": "other", "instances": [ROW]}, "signature_name"),
        ({"signature_name": 7, "instances": [ROW]}, "signature_name"),
        ({"instances": [ROW] * 65}, "at most 64 instances"),
    ],
)
def test_what_is_no_request_is_a_400_that_says_where(client, document, said):
    """`{"error": …}` and nothing else."""
    answer = client.post(PREDICT, json=document)
    assert answer.status_code == 400
    assert list(answer.json) == ["error"]
    assert said in answer.json["error"]


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e39", "-1e39", "1e400"])
def test_numbers_that_are_none_are_refused_on_the_way_in(client, number):
    """TensorFlow Serving takes and writes them bare, and its JSON is none; here all JSON is JSON."""
    answer = client.post(PREDICT, data=f'{{"instances": [[1,2,3,4,5,6,7,{number}]]}}', content_type="application/json")
    assert answer.status_code == 400
    assert "error" in answer.json


@pytest.mark.parametrize("body", ["", "{", "[]", "null", '{"instances": [[1,2,]]}', "\xff"])
def test_what_is_no_json_object_is_a_400(client, body):
    """With the place."""
    answer = client.post(PREDICT, data=body.encode("latin-1"), content_type="application/json")
    assert answer.status_code == 400
    assert answer.json["error"].startswith("body")


def test_whole_numbers_are_written_with_a_point(client):
    """`1.0`, not `1`: a reader of typed languages knows a float by it."""
    text = client.post("/v1/models/line:predict", json={"instances": [[0] * 8]}).text
    assert re.fullmatch(r'\{"predictions":\[\[-?\d+\.\d+(e-?\d+)?\]\]\}', text)


@pytest.mark.parametrize("form", ["nested", "flat", "channels", "b64"])
def test_an_image_comes_in_every_form(client, compute, form):
    """Rows of pixels, all pixels, with an axis for the channel, or a file as base64."""
    pixels = np.arange(784).reshape(28, 28) % 256
    content = {"b64": base64.b64encode(png(pixels)).decode()}
    forms = {"nested": pixels, "flat": pixels.ravel(), "channels": pixels[..., None]}
    instance = content if form == "b64" else forms[form].tolist()
    answer = client.post("/v1/models/digits:predict", json={"instances": [instance]})
    assert answer.status_code == 200
    assert np.allclose(answer.json["predictions"], compute("digits", [pixels]), atol=1e-4)


@pytest.mark.parametrize("kind", ["application/x-npy", "text/csv", "image/png"])
def test_a_body_of_another_kind_is_read_for_what_it_is(client, compute, kind):
    """An array, a table, a file; the answer is as for rows."""
    pixels = np.arange(784).reshape(28, 28) % 256
    array = io.BytesIO()
    np.save(array, np.asarray([ROW], np.float64))
    line = ",".join(map(str, ROW)).encode()
    bodies = {"application/x-npy": array.getvalue(), "text/csv": line, "image/png": png(pixels)}
    model, rows = ("digits", [pixels]) if kind == "image/png" else ("classic", [ROW])
    answer = client.post(f"/v1/models/{model}:predict", data=bodies[kind], content_type=kind)
    assert answer.status_code == 200
    expected = compute("digits" if model == "digits" else "classic-a", rows)
    assert np.allclose(answer.json["predictions"], expected, atol=1e-4)


@pytest.mark.parametrize("kind", ["image/jpeg", "image/png; q=1"])
def test_a_picture_may_be_classified(client, kind):
    """Its label comes back without any JSON on the way in."""
    file = io.BytesIO()
    Image.fromarray(np.zeros((28, 28), np.uint8)).save(file, "JPEG" if "jpeg" in kind else "PNG")
    answer = client.post("/v1/models/digits:classify?top_k=1", data=file.getvalue(), content_type=kind)
    assert answer.status_code == 200
    assert len(answer.json["results"][0]) == 1


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("application/x-npy", "application/x-npy"),
        ("application/x-npy, */*;q=0.1", "application/x-npy"),
        ("application/json, application/x-npy;q=0.5", "application/json"),
        ("*/*", "application/json"),
        ("text/html", "application/json"),
    ],
)
def test_the_answer_is_an_array_where_that_is_preferred(client, compute, accept, kind):
    """Read back without pickle, float32, the same numbers."""
    answer = client.post(PREDICT, json={"instances": [ROW]}, headers={"Accept": accept})
    assert answer.content_type == kind
    assert answer.headers[VERSION] == "1"
    if kind == "application/x-npy":
        predictions = np.load(io.BytesIO(answer.data), allow_pickle=False)
        assert predictions.dtype == np.float32
        assert np.allclose(predictions, compute("classic-a", [ROW]), atol=1e-6)


def test_a_compressed_body_is_a_body(client, compute):
    """gzip, announced by its header."""
    body = gzip.compress(json.dumps({"instances": [ROW]}).encode())
    answer = client.post(PREDICT, data=body, content_type="application/json", headers={"Content-Encoding": "gzip"})
    assert np.allclose(answer.json["predictions"], compute("classic-a", [ROW]), atol=1e-6)


def test_a_large_answer_is_compressed_for_who_asks(app_with):
    """And says so; others get it plain."""
    client = app_with(max_rows=100).test_client()
    rows = {"instances": [[[0.1] * 28] * 28] * 100}
    plain = client.post("/v1/models/digits:predict", json=rows)
    packed = client.post("/v1/models/digits:predict", json=rows, headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.headers["Vary"] == "Accept-Encoding"
    assert gzip.decompress(packed.data) == plain.data


def test_a_small_answer_is_not_compressed(client):
    """It would not get there sooner."""
    answer = client.post(PREDICT, json={"instances": [ROW]}, headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in answer.headers


@pytest.mark.parametrize(
    "document",
    [
        {"examples": [{"x": ROW}]},
        {"examples": [ROW]},
        {"instances": [ROW]},
        {"signature_name": "serving_default", "examples": [{"x": ROW}]},
        {"context": {}, "examples": [{"x": ROW}]},
    ],
)
def test_classify_answers_results(client, compute, document):
    """Pairs of label and score, best first; the key is `results`, as the server's source has it."""
    answer = client.post("/v1/models/classic:classify", json=document)
    assert list(answer.json) == ["results"]
    (result,) = answer.json["results"]
    (expected,) = compute("classic-a", [ROW])
    assert [label for label, _ in result] == [f"class {index}" for index in np.argsort(-expected)]
    assert np.allclose([score for _, score in result], np.sort(expected)[::-1], atol=1e-6)


def test_examples_are_objects_of_features_with_a_common_context(client):
    """The example's own value wins; a value may come as a list of one."""
    document = {"context": FLOWER | {"a": 9}, "examples": [{"a": [1]}, {"a": 1}]}
    first, second = client.post("/v1/models/flowers:classify", json=document).json["results"]
    assert first == second
    alone = client.post("/v1/models/flowers:classify", json={"examples": [FLOWER]}).json["results"]
    assert alone == [first]


def test_a_binary_classifier_names_both_of_its_classes(client):
    """Their scores sum to one."""
    ((best, other),) = client.post("/v1/models/odds:classify", json={"examples": [{"x": ROW}]}).json["results"]
    assert {best[0], other[0]} == {"yes", "no"}
    assert best[1] + other[1] == pytest.approx(1)
    assert best[1] >= other[1]


@pytest.mark.parametrize("document", [{}, {"examples": []}, {"examples": {}}, {"inputs": [ROW]}, {"examples": [1]},
                                      {"context": 1, "examples": [{"x": ROW}]}])  # fmt: skip
@pytest.mark.parametrize("method", ["classify", "regress"])
def test_classify_and_regress_refuse_what_is_no_list_of_examples(client, method, document):
    """With 400."""
    model = "classic" if method == "classify" else "line"
    assert client.post(f"/v1/models/{model}:{method}", json=document).status_code == 400


@pytest.mark.parametrize("document", [{"examples": [{"x": ROW}, {"x": OTHER}]}, {"instances": [ROW, OTHER]}])
def test_regress_answers_one_number_an_example(client, compute_line, document):
    """`{"results": [v, …]}`, flat."""
    answer = client.post("/v1/models/line:regress", json=document)
    assert answer.headers[VERSION] == "1"
    assert np.allclose(answer.json["results"], compute_line([ROW, OTHER])[:, 0], atol=1e-5)


@pytest.mark.parametrize(
    ("model", "method", "said"), [("classic", "regress", ":classify"), ("line", "classify", ":predict")]
)
def test_the_wrong_method_for_a_head_names_the_right_one(client, model, method, said):
    """With 400."""
    answer = client.post(f"/v1/models/{model}:{method}", json={"instances": [ROW]})
    assert answer.status_code == 400
    assert said in answer.json["error"]


def test_status_of_every_version(client):
    """Versions are texts, the newest first."""
    assert client.get("/v1/models/classic").json == {
        "model_version_status": [
            {"version": number, "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}
            for number in ("2", "1")
        ]
    }


@pytest.mark.parametrize(("place", "version"), [("versions/2", "2"), ("labels/stable", "1"), ("labels/latest", "2")])
def test_status_of_one_version(client, place, version):
    """By number or label."""
    (status,) = client.get(f"/v1/models/classic/{place}").json["model_version_status"]
    assert status["version"] == version


def test_status_of_a_version_that_failed_says_why(client):
    """END, with a code and the reason."""
    (status,) = client.get("/v1/models/broken").json["model_version_status"]
    assert status["state"] == "END"
    assert status["status"]["error_code"] == "DATA_LOSS"
    assert "model.onnx" in status["status"]["error_message"]


@pytest.mark.parametrize("place", ["", "/versions/1", "/labels/stable"])
def test_metadata_is_the_signature(client, place):
    """`signature_def` twice, dimension sizes as texts."""
    document = client.get(f"/v1/models/classic{place}/metadata").json
    assert document["model_spec"] == {"name": "classic", "signature_name": "", "version": "1"}
    signature = document["metadata"]["signature_def"]["signature_def"]["serving_default"]
    assert signature["method_name"] == "tensorflow/serving/predict"
    assert signature["inputs"]["x"] == {
        "dtype": "DT_FLOAT", "name": "x:0",
        "tensor_shape": {"dim": [{"size": "-1", "name": ""}, {"size": "8", "name": ""}], "unknown_rank": False},
    }  # fmt: skip


def test_a_table_with_text_is_a_tensor_of_strings(client):
    """As its columns cannot all be numbers."""
    signature = client.get("/v1/models/flowers/metadata").json["metadata"]["signature_def"]["signature_def"]
    assert signature["serving_default"]["inputs"]["x"]["dtype"] == "DT_STRING"


@pytest.mark.parametrize("instance", [FLOWER, list(FLOWER.values()), {k: v for k, v in FLOWER.items() if k != "gap"}])
def test_a_row_of_a_table_comes_by_name_or_in_order(client, compute, instance):
    """A gap is null or left out where the model fills it."""
    answer = client.post("/v1/models/flowers:predict", json={"instances": [instance]})
    expected = compute("classic-a", [[1, 2, 3, 4, 7, 0, 1, 0]])
    assert np.allclose(answer.json["predictions"], expected, atol=1e-6)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/v1/models/nobody:predict", 404),
        ("POST", "/v1/models/nobody:classify", 404),
        ("POST", "/v1/models/nobody:regress", 404),
        ("POST", "/v1/models/classic/versions/9:predict", 404),
        ("POST", "/v1/models/classic/labels/nobody:predict", 404),
        ("GET", "/v1/models/nobody", 404),
        ("GET", "/v1/models/nobody/metadata", 404),
        ("GET", "/v1/models/classic/versions/9", 404),
        ("GET", "/v1/models/classic/labels/nobody/metadata", 404),
        ("POST", "/v1/models/broken:predict", 503),
        ("GET", "/v1/models/broken/metadata", 503),
        ("POST", "/v1/models/classic:explain", 400),
        ("POST", "/v1/models/classic/versions/one:predict", 400),
        ("POST", "/v1/models/classic/versions/-1:predict", 400),
        ("GET", "/v1/models/classic/labels", 400),
        ("GET", "/v1/models/classic:predict", 405),
        ("PUT", "/v1/models/classic:predict", 405),
    ],
)
def test_the_status_code_of_what_is_not_there(client, method, path, status):
    """Each with `{"error"}`."""
    answer = client.open(path, method=method, json={"instances": [ROW]} if method == "POST" else None)
    assert answer.status_code == status
    assert list(answer.json) == ["error"]

import pytest

from service.http.prediction_paths import PredictionPath


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/v1/models/a_b-1:predict", ("a_b-1", None, None, True)),
        ("/v1/models/m/versions/12:predict", ("m", 12, None, True)),
        ("/v1/models/m/labels/Stable_2:predict", ("m", None, "Stable_2", True)),
        ("/v2/models/m/infer", ("m", None, None, False)),
        ("/v2/models/m/versions/0012/infer", ("m", 12, None, False)),
    ],
)
def test_a_path_is_read_as_flask_reads_it(app, path, expected) -> None:
    """The same rule, and the same arguments of the endpoint."""
    found = PredictionPath.of(path)
    rule, arguments = app.url_map.bind("here").match(path, method="POST", return_rule=True)
    assert found is not None
    assert found.route == rule.rule
    assert (found.model, found.version, found.label, found.is_predict) == expected
    assert {"model": found.model, "version": found.version, "label": found.label} == {
        "version": None, "label": None, **arguments,
    }  # fmt: skip


@pytest.mark.parametrize(
    "path",
    [
        "/v1/models/m", "/v1/models/m:classify", "/v1/models/M:predict", "/v1/models/m:predict/",
        "/v1/models/m/versions/1234567890:predict", "/v1/models/m/versions/٣:predict",
        "/v1/models/m/labels/a-b:predict", "//v1/models/m:predict",
        "/v2/models/m/labels/stable/infer", "/v2/models/m/versions/1", "/V1/models/m:predict",
    ],
)  # fmt: skip
def test_all_else_is_for_flask_to_read(path) -> None:
    """Also where it would find the same rule."""
    assert PredictionPath.of(path) is None

import pytest

from models.api_keys import ApiKeyFile
from models.settings import Settings
from service.app import create_app

ROW = [[0.25] * 8]


@pytest.mark.parametrize(
    "path",
    [
        "/V1/MODELS/classic:predict",
        "/v1/Models/classic/VERSIONS/1:predict",
        "/v1/models/classic/Labels/stable:predict",
        "/v1/Models/cl%61ssic:classify",
    ],
)
def test_a_call_is_found_in_any_case(client, publish, registry, path):
    """As TensorFlow Serving's server finds it."""
    publish()
    registry.refresh()
    answer = client.post(path, json={"instances": ROW})
    assert (answer.status_code, answer.headers["X-Onehot-Model-Version"]) == (200, "1")


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("/V1/models/classic", "model_version_status"),
        ("/v1/MODELS/classic/versions/1", "model_version_status"),
        ("/v1/MODELS/classic/metadata", "model_spec"),
        ("/v1/models/classic/METADATA", "model_version_status"),
    ],
)
def test_a_document_is_found_in_any_case(client, publish, registry, path, key):
    """Metadata only by the word as it is: its server knows the other path, and answers the status."""
    publish()
    registry.refresh()
    answer = client.get(path)
    assert answer.status_code == 200
    assert key in answer.json


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/v1/models/classic:PREDICT", 400),
        ("POST", "/V1/MODELS/classic:explain", 400),
        ("GET", "/v1/models/CLASSIC", 404),
        ("GET", "/V1/JOBS", 404),
        ("GET", "/V2", 404),
        ("DELETE", "/v1/MODELS/classic", 405),
        ("GET", "/V1/models/classic/versions/1e0", 400),
    ],
)
def test_verbs_names_and_other_paths_are_what_they_are(client, publish, registry, method, path, status):
    """`:PREDICT` is malformed there as well."""
    publish()
    registry.refresh()
    answer = client.open(path, method=method)
    assert answer.status_code == status
    assert "error" in answer.json


@pytest.mark.parametrize("path", ["/V1/MODELS/classic:predict", "/v1/Models/classic/VERSIONS/1:predict"])
def test_another_case_is_no_way_past_the_lock(store_folder, tmp_path, path):
    """The scope is asked of the route that was found."""
    file = ApiKeyFile(tmp_path / "keys.json")
    _, key = file.add(["train"])
    client = create_app(Settings(store=str(store_folder), api_keys_file=str(file.path))).test_client()
    assert client.post(path, json={"instances": ROW}).status_code == 401
    assert client.post(path, json={"instances": ROW}, headers={"X-API-Key": key}).status_code == 403

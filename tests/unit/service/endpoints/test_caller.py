import pytest

from models.api_keys import ApiKeyFile
from models.settings import Settings
from service.app import create_app

ALL = ["predict", "train", "admin"]


@pytest.fixture
def file(tmp_path) -> ApiKeyFile:
    return ApiKeyFile(tmp_path / "keys.json")


def asked(file: ApiKeyFile, headers) -> dict:
    return create_app(Settings(api_keys_file=str(file.path))).test_client().get("/v1/me", headers=headers).json


def test_without_keys_everything_is_permitted(client) -> None:
    """To every caller, whatever key is sent."""
    expected = {"keys_required": False, "key_id": None, "scopes": ALL}
    assert client.get("/v1/me").json == expected
    assert client.get("/v1/me", headers={"X-API-Key": "oh_any"}).json == expected


@pytest.mark.parametrize(
    ("scopes", "permitted"), [(["predict"], ["predict"]), (["train", "predict"], ALL[:2]), (["admin"], ALL)]
)
@pytest.mark.parametrize("header", ["X-API-Key", "Authorization"])
def test_a_key_is_told_what_it_permits(file, scopes, permitted, header) -> None:
    """By its id, never by itself; `admin` permits the others too."""
    kept, key = file.add(scopes)
    answer = asked(file, {header: key if header == "X-API-Key" else f"Bearer {key}"})
    assert answer == {"keys_required": True, "key_id": kept.id, "scopes": permitted}


@pytest.mark.parametrize(
    "headers", [{}, {"X-API-Key": "oh_wrong"}, {"Authorization": "Basic eDp5"}, {"X-API-Key": "x" * 9000}]
)
def test_without_a_known_key_nothing_is_permitted_where_keys_are_asked_for(file, headers) -> None:
    """And that is no error: a page asks before it knows a key."""
    file.add(["admin"])
    assert asked(file, headers) == {"keys_required": True, "key_id": None, "scopes": []}

"""Who may call what, for every route that there is: the routes are asked, so that a new one cannot be forgotten."""

import re

import pytest

from models.api_keys import ApiKeyFile
from models.settings import Settings
from service.app import create_app
from service.auth.scopes import Scope
from service.openapi.operation import scope_of

WITHOUT = {Scope.PREDICT: ("train",), Scope.TRAIN: ("predict",), Scope.ADMIN: ("predict", "train")}
VALUES = {"model": "classic", "version": "1", "label": "stable"}
WRONG = "oh_0123456789ab_" + "0" * 64


def calls(*, public: bool):
    """Every verb of every route, as (verb, path, scope)."""
    app = create_app(Settings())
    adapter = app.url_map.bind("")
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<(?:\w+:)?(\w+)>", lambda part: VALUES.get(part[1], "x"), rule.rule)
        for method in sorted(rule.methods or ()):
            scope = scope_of(app, adapter.match(path, method)[0])
            if (scope is Scope.PUBLIC) == public:
                yield pytest.param(method, path, scope, id=f"{method} {path}")


def pytest_generate_tests(metafunc):
    if "scope" in metafunc.fixturenames:
        rows = list(calls(public="public" in metafunc.function.__name__))
        metafunc.parametrize(("method", "path", "scope"), rows)


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    """A file with one key for each scope, and those keys."""
    file = ApiKeyFile(tmp_path_factory.mktemp("keys") / "keys.json")
    return file, {scope: file.add([scope])[1] for scope in ("predict", "train", "admin")}


@pytest.fixture(scope="module")
def locked(app_with, keys):
    """Talks to a service that asks for keys."""
    return app_with(api_keys_file=str(keys[0].path)).test_client()


def test_without_a_key_it_is_401(locked, method, path, scope):  # noqa: ARG001 -- the scope is what the row is chosen by
    """And the answer says how to send one."""
    answer = locked.open(path, method=method)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert method == "HEAD" or "X-API-Key" in answer.json["error"]


@pytest.mark.parametrize("wrong", [WRONG, " ", "x" * 10_000])
def test_with_a_wrong_key_it_is_401(locked, method, path, scope, wrong):  # noqa: ARG001
    """In either header; nothing of it comes back."""
    for headers in ({"X-API-Key": wrong}, {"Authorization": f"Bearer {wrong}"}, {"Authorization": f"Basic {wrong}"}):
        answer = locked.open(path, method=method, headers=headers)
        assert answer.status_code == 401
        assert len(wrong) < 5 or wrong not in answer.text


def test_with_a_key_for_something_else_it_is_403(locked, keys, method, path, scope):
    """The scope that is missing is named."""
    for other in WITHOUT[scope]:
        answer = locked.open(path, method=method, headers={"X-API-Key": keys[1][other]})
        assert answer.status_code == 403
        assert method == "HEAD" or scope in answer.json["error"]


@pytest.mark.parametrize("header", ["X-API-Key", "Authorization"])
def test_with_the_right_key_it_is_let_in(locked, keys, method, path, scope, header):
    """A key for its scope, and one of an administrator; what is wrong then is something else."""
    for name in (scope, "admin"):
        key = keys[1][name]
        answer = locked.open(path, method=method, headers={header: key if header == "X-API-Key" else f"bearer {key}"})
        assert answer.status_code not in (401, 403)


def test_what_is_public_needs_no_key(locked, method, path, scope):  # noqa: ARG001
    """Health, the documents, the pages."""
    assert locked.open(path, method=method).status_code not in (401, 403)


@pytest.mark.parametrize("path", ["/nothing", "/v1/models/classic:explain", "/v2/nothing"])
def test_a_path_that_does_not_exist_is_no_secret(locked, path):
    """It is the same for everyone."""
    assert locked.get(path).status_code in (400, 404)


def test_a_revoked_key_opens_nothing_any_more(app_with, tmp_path, wait_until):
    """Soon, and without a restart."""
    file = ApiKeyFile(tmp_path / "keys.json")
    kept, key = file.add(["predict"])
    client = app_with(api_keys_file=str(file.path)).test_client()
    ask = {"path": "/v1/models", "headers": {"X-API-Key": key}}
    assert client.get(**ask).status_code == 200
    file.revoke(kept.id)
    wait_until(lambda: client.get(**ask).status_code == 401, what="the file is read again")

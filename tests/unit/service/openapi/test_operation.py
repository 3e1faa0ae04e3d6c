import pytest
from flask import Flask

from service.auth.scopes import Scope
from service.openapi.operation import (
    ApiBlueprint,
    api_response,
    json_media,
    operations_of,
    require_scopes_for_all,
    scope_of,
)


@pytest.fixture
def blueprint():
    """Its routes are for training, but for those that say something else."""
    return ApiBlueprint("things", __name__, scope=Scope.TRAIN, tag="Things")


@pytest.fixture
def things(blueprint):
    """Registers the blueprint."""

    def register() -> Flask:
        app = Flask("things", static_folder=None)
        app.register_blueprint(blueprint)
        return app

    return register


def test_every_route_has_a_scope(app) -> None:
    """And no scope is declared for a route that is not there."""
    assert {rule.endpoint for rule in app.url_map.iter_rules()} == set(operations_of(app))


def test_a_forgotten_route_stops_the_start() -> None:
    """It is named."""
    app = Flask("forgetful", static_folder=None)
    app.add_url_rule("/", "secret.door", lambda: "")
    with pytest.raises(LookupError, match=r"secret.door"):
        require_scopes_for_all(app)


def test_a_route_past_the_operations_of_its_blueprint_stops_the_start(blueprint, things) -> None:
    """A scope is not inherited unseen."""
    blueprint.get("/things")(lambda: "")
    with pytest.raises(LookupError, match=r"things.<lambda>"):
        require_scopes_for_all(things())


def test_a_path_that_does_not_exist_needs_no_key(app):
    """There is nothing behind it."""
    assert scope_of(app, None) is Scope.PUBLIC


def test_an_operation_routes_each_of_its_paths_and_keeps_the_scope_of_its_blueprint(blueprint, things) -> None:
    """Its summary is the first line of the docstring."""

    @blueprint.operation("GET", "/things", "/things/", responses={200: api_response("It is fine")}, errors=(404,))
    def show() -> str:
        """One thing."""
        return "thing"

    app = things()
    assert [app.test_client().get(path).text for path in ("/things", "/things/")] == ["thing", "thing"]
    assert scope_of(app, "things.show") is Scope.TRAIN
    described = operations_of(app)["things.show"]
    assert (described["tag"], described["summary"], described["errors"]) == ("Things", "One thing", (404,))


def test_an_operation_may_have_a_scope_and_a_summary_of_its_own(blueprint, things) -> None:
    """They win over the blueprint's and the docstring's."""

    @blueprint.operation("GET", "/things", scope=Scope.PUBLIC, summary="All of them", responses={})
    def show() -> str:
        """One thing."""
        return "thing"

    app = things()
    assert scope_of(app, "things.show") is Scope.PUBLIC
    assert operations_of(app)["things.show"]["summary"] == "All of them"


def test_two_applications_do_not_share_operations(things) -> None:
    """Each has those of the blueprints that it registered."""
    assert operations_of(things()) == {} == operations_of(Flask("other"))


def test_a_document_has_the_example_of_its_component_or_one_of_its_own() -> None:
    """A component without an example has none here."""
    assert json_media("Live") == {
        "application/json": {"schema": {"$ref": "#/components/schemas/Live"}, "example": {"status": "ok"}}
    }
    assert json_media("Live", "application/yaml", example=1)["application/yaml"]["example"] == 1
    assert "example" not in json_media("Unknown")["application/json"]


def test_a_response_names_its_headers() -> None:
    """The request's id always, others where they are given."""
    headers = api_response("It was made", "Job", Location="The job", Retry_After="Seconds")["headers"]
    assert {name: header["description"] for name, header in headers.items()} == {
        "X-Request-Id": "The id of the request", "Location": "The job", "Retry-After": "Seconds",
    }  # fmt: skip

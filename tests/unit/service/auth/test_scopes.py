import pytest
from flask import Flask

from service.auth.scopes import SCOPES, require_scopes_for_all


def test_every_route_has_a_scope(app) -> None:
    """And the table names no route that is not there."""
    assert {rule.endpoint for rule in app.url_map.iter_rules()} == set(SCOPES)


def test_a_forgotten_route_stops_the_start() -> None:
    """It is named."""
    app = Flask("forgetful", static_folder=None)
    app.add_url_rule("/", "secret.door", lambda: "")
    with pytest.raises(LookupError, match=r"secret.door"):
        require_scopes_for_all(app)

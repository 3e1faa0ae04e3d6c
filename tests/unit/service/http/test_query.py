import pytest

from service.openapi.operation import operations_of

NAMES = {
    "model": "classic", "version": "1", "label": "stable", "job_id": "abc", "run_id": "abc",
    "search_id": "abc", "rollout_id": "abc", "request_id": "abc",
    "reference": "x.csv", "file": "report.json", "asset": "app.js",
}  # fmt: skip


def routes(app):
    for rule in app.url_map.iter_rules():
        arguments = {name: NAMES[name] for name in rule.arguments}
        path = app.url_map.bind("localhost").build(rule.endpoint, arguments, method=min(rule.methods))
        yield from ((method, path) for method in sorted(rule.methods - {"HEAD", "OPTIONS"}))


def test_a_parameter_that_a_route_does_not_have_is_a_400_on_every_route(client, app, publish, registry) -> None:
    """It is named, with those that there are."""
    publish()
    registry.refresh()
    for method, path in routes(app):
        answer = client.open(f"{path}?surprise=1", method=method, json={} if method in ("POST", "PUT") else None)
        assert answer.status_code == 400, (method, path)
        assert "'surprise'" in answer.json["error"], (method, path)


@pytest.mark.parametrize("query", ["?", "?top_k=2", "?top_k=2&top_k=3"])
def test_parameters_that_a_route_has_are_let_through(client, publish, registry, query) -> None:
    """Also an empty query."""
    publish()
    registry.refresh()
    assert client.post(f"/v1/models/classic:classify{query}", json={"instances": [[0] * 8]}).status_code == 200


def test_every_list_has_pages(app) -> None:
    """Each route whose answer can have `next` takes `limit` and `cursor`."""
    operations = operations_of(app)
    paged = {
        name
        for name, one in operations.items()
        if {"limit", "cursor"} <= {p["name"] for p in one.get("parameters", ())}
    }
    assert paged == {
        "jobs.list_jobs",
        "runs.list_runs",
        "searches.list_searches",
        "rollouts.list_rollouts",
        "datasets.list_datasets",
        "model_status.list_models",
    }


@pytest.mark.parametrize("path", ["/v1/models", "/v1/datasets"])
def test_a_cursor_is_no_longer_than_its_description_says(client, path) -> None:
    """Where every text is the place of a name in the list."""
    assert client.get(f"{path}?cursor={'0' * 400}").status_code == 200
    assert client.get(f"{path}?cursor={'0' * 401}").status_code == 400


def test_models_and_data_sets_come_in_pages_too(client, publish, registry) -> None:
    """By name; without a limit all at once."""
    for model in ("b", "a", "c"):
        publish(model)
        client.post(f"/v1/datasets?name={model}.csv", data=f"x,y\n1,{model}\n")
    registry.refresh()
    for path, key in (("/v1/models", "models"), ("/v1/datasets", "datasets")):
        first = client.get(f"{path}?limit=2").json
        rest = client.get(path, query_string={"limit": 2, "cursor": first["next"]}).json
        names = [one["name"].removesuffix(".csv") for page in (first, rest) for one in page[key]]
        assert names == ["a", "b", "c"]
        assert "next" not in rest
        assert len(client.get(path).json[key]) == 3

"""Every route that can be asked without changing anything, in the real service, as the OpenAPI document names them."""

import httpx

DATA = b"a,y\n1,2\n"
NOT_THERE = {
    "/v1/models/{model}/monitoring", "/v1/models/{model}/versions/{version}/monitoring",
    "/v1/models/{model}/labels/{label}/monitoring", "/v1/models/{model}/rollout",
    "/v1/models/{model}/rollouts/{rollout_id}",
}  # fmt: skip
"""A version of before statistics, and no rollout."""


def test_every_get_answers_in_the_real_service(serve, publish, redis_server) -> None:
    """Behind gunicorn and gevent some code runs in threads of its own, which no test client sees."""
    publish()
    url = serve(ONEHOT_REDIS_URL=redis_server)
    spec = {
        "model": "classic", "data": {"source": "sklearn://iris"}, "compile": {"loss": "categorical_crossentropy"},
        "layers": [{"Dense": {"units": 3, "activation": "softmax"}}],
    }  # fmt: skip
    with httpx.Client(base_url=url, trust_env=False, timeout=30) as client:
        assert client.post("/v1/datasets", params={"name": "pq.csv"}, content=DATA).status_code == 201
        job, other = (client.post("/v1/jobs", json=spec).json()["id"] for _ in range(2))
        for one in (job, other):
            assert client.delete(f"/v1/jobs/{one}").json()["status"] == "canceled"
        space = {"layers.0.Dense.kernel_initializer": {"choice": ["glorot_uniform", "he_normal"]}}
        search = client.post("/v1/searches", json=spec | {"search": {"space": space}}).json()["id"]
        assert client.delete(f"/v1/searches/{search}").json()["status"] == "canceled"
        found = {}
        values = {
            "model": "classic", "version": "1", "label": "stable", "job_id": job, "run_id": job, "search_id": search,
            "reference": "pq.csv", "file": "report.json", "rollout_id": "0" * 32,
        }  # fmt: skip
        for path, operations in client.get("/openapi.json").json()["paths"].items():
            if "get" in operations:
                filled = path.format(asset="docs.js" if path.startswith("/docs") else "app.js", **values)
                params = {"id": [job, other]} if path == "/v1/runs/compare" else {}
                found[path] = client.get(filled, params=params).status_code
        assert {path for path, status in found.items() if status != 200} == NOT_THERE
        assert {found[path] for path in NOT_THERE} == {404}


def test_the_report_of_a_version_that_is_not_there_is_not_found(serve, publish) -> None:
    """In the real service too."""
    publish()
    answer = httpx.get(f"{serve()}/v1/models/classic/versions/9/report", trust_env=False)
    assert answer.status_code == 404

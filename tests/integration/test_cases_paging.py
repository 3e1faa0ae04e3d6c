"""Lists in pages with filters, and parameters that no route has, against a real queue's server."""

import time

import pytest
from flask.testing import FlaskClient
from redis import Redis
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer

SPEC = {
    "model": "classic",
    "data": {"source": "sklearn://iris"},
    "layers": [{"Dense": {"units": 3, "activation": "softmax"}}],
    "compile": {"optimizer": "Adam", "loss": "categorical_crossentropy"},
}
INDEX = "onehot:jobs"


def submit(client: FlaskClient, *models: str) -> list[str]:
    return [client.post("/v1/jobs", json=SPEC | {"model": model}).json["id"] for model in models]


def fail(redis: Redis, *job_ids: str) -> None:
    for job_id in job_ids:
        Job.fetch(job_id, connection=redis, serializer=JSONSerializer).set_status(JobStatus.FAILED)


def pages(client: FlaskClient, query: str) -> list[list[str]]:
    """The ids of each page, to the last."""
    found, cursor = [], ""
    while True:
        document = client.get(f"/v1/jobs?{query}{cursor}").json
        found.append([job["id"] for job in document["jobs"]])
        if "next" not in document:
            return found
        cursor = f"&cursor={document['next']}"


def test_jobs_are_filtered_by_status_and_model(client, redis) -> None:
    """`GET /v1/jobs?status=failed` gives those and no others."""
    ids = submit(client, "a", "b", "a", "b")
    fail(redis, ids[0], ids[1])
    assert pages(client, "status=failed") == [[ids[1], ids[0]]]
    assert pages(client, "model=a") == [[ids[2], ids[0]]]
    assert pages(client, "status=queued&model=b") == [[ids[3]]]
    assert client.get("/v1/jobs?status=started").json == {"jobs": []}


@pytest.mark.parametrize("query", ["limit=2", "limit=2&model=a", "limit=1", "limit=5", "limit=1000"])
def test_pages_go_through_all_jobs_once(client, query) -> None:
    """Without a page behind the last."""
    ids = submit(client, *"aaaaa")
    limit = int(query.partition("&")[0].partition("=")[2])
    assert pages(client, query) == [ids[::-1][start : start + limit] for start in range(0, 5, limit)]


def test_a_page_is_not_disturbed_by_what_comes_and_goes(client, redis) -> None:
    """New jobs stand before it; the job at the cursor may be gone."""
    ids = submit(client, *"aaaa")
    first = client.get("/v1/jobs?limit=2").json
    submit(client, "a")
    redis.zrem(INDEX, ids[2])
    rest = client.get("/v1/jobs", query_string={"limit": 2, "cursor": first["next"]}).json
    assert [job["id"] for job in rest["jobs"]] == [ids[1], ids[0]]


def test_jobs_of_the_same_moment_are_each_on_one_page(client, redis) -> None:
    """In the order of their ids."""
    ids = submit(client, *"aaaaa")
    redis.zadd(INDEX, dict.fromkeys(ids, time.time()))
    assert [one for page in pages(client, "limit=1") for one in page] == sorted(ids, reverse=True)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("state=failed", "query: expected no other parameters than status, model, limit, cursor; received 'state'"),
        ("status=failed&Limit=3&x=1", "received 'Limit', 'x'"),
        ("status=lost", "status: expected one of created, queued"),
        ("status=", "status: expected one of"),
        ("cursor=x", "cursor: expected the `next` of the page before; received 'x'"),
        ("cursor=", "cursor: expected"),
        ("limit=0", "limit: expected a whole number from 1 to 1000"),
        ("limit=1001", "limit:"),
        ("limit=٣", "limit:"),
    ],
)
def test_what_is_no_filter_is_named(client, query, said) -> None:
    """400, where it was passed over."""
    answer = client.get(f"/v1/jobs?{query}")
    assert answer.status_code == 400
    assert said in answer.json["error"]

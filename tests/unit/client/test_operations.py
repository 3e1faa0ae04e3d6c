import hashlib
import inspect
import json

import numpy as np
import pandas as pd
import polars as pl
import pytest
from onehot_client import InvalidInput, Job, NotFound, UnexpectedAnswer
from onehot_client.http.calls import Body
from onehot_client.operations import Operations

from tests.unit.client.conftest import response

OPERATIONS = Operations()
JOB = {"id": "7", "status": "queued", "model": "iris"}
DATASET = {"source": "dataset://9f", "name": "iris.csv", "sha256": "9f", "rows": 150}
VERSION = {"version": 1, "state": "AVAILABLE", "labels": ["stable"], "metrics": {"accuracy": 0.9}}
MODELS = {"models": [{"name": "iris", "default_version": 1, "labels": {"stable": 1}, "versions": [VERSION]}]}
MOVED = {"version": 2, "previous": 1}
RUN, SEARCH, ANY = {"id": "r1"}, {"id": "s1"}, {"some": "document"}
M = "/v1/models/iris"

CALLS = [
    ("train", ({"model": "iris"},), {}, JOB, "POST /v1/jobs"),
    ("jobs", (), {"status": "failed", "model": "iris"}, {"jobs": [JOB]}, "GET /v1/jobs?status=failed&model=iris"),
    ("job", ("7",), {}, JOB, "GET /v1/jobs/7"),
    ("cancel", ("7",), {}, JOB, "DELETE /v1/jobs/7"),
    ("check_spec", ("model: iris",), {}, {"spec": {}}, "POST /v1/specs/check"),
    ("propose_spec", ("dataset://9f",), {"target": "y"}, {"spec": {}, "text": ""}, "POST /v1/specs/propose"),
    ("datasets", (), {}, {"datasets": [DATASET]}, "GET /v1/datasets"),
    ("preview", ("iris.csv",), {"csv": {"header": False}}, ANY, "GET /v1/datasets/iris.csv/preview?header=false"),
    ("dataset", ("iris.csv",), {}, DATASET, "GET /v1/datasets/iris.csv"),
    ("delete_dataset", ("iris.csv",), {}, None, "DELETE /v1/datasets/iris.csv"),
    ("upload", (b"a,b\n", ), {"name": "iris.csv"}, DATASET, "POST /v1/datasets?name=iris.csv"),
    ("models", (), {}, MODELS, "GET /v1/models"),
    ("model", ("iris",), {}, MODELS, "GET /v1/models?model=iris"),
    ("labels", ("iris",), {}, MODELS, "GET /v1/models?model=iris"),
    ("metadata", ("iris",), {"label": "canary"}, {"metadata": {}}, f"GET {M}/labels/canary/metadata"),
    ("report", ("iris", 2), {}, ANY, f"GET {M}/versions/2/report"),
    ("manifest", ("iris", 2), {}, {"files": {}}, f"GET {M}/versions/2/manifest"),
    ("examples", ("iris", 2), {}, {"examples": []}, f"GET {M}/versions/2/examples"),
    ("set_label", ("iris", "stable", 2), {}, MOVED, f"PUT {M}/labels/stable"),
    ("roll_back", ("iris",), {}, MOVED, f"PUT {M}/labels/stable"),
    ("delete_label", ("iris", "canary"), {}, None, f"DELETE {M}/labels/canary"),
    ("delete_version", ("iris", 2), {}, ANY, f"DELETE {M}/versions/2"),
    ("runs", (), {"model": "iris", "sort": "-accuracy"}, {"runs": [RUN]}, "GET /v1/runs?model=iris&sort=-accuracy"),
    ("run", ("r1",), {}, RUN, "GET /v1/runs/r1"),
    ("compare_runs", (["r1", "r2"],), {}, ANY, "GET /v1/runs/compare?id=['r1', 'r2']"),
    ("tag", ("r1", ["best"]), {"note": "keep"}, RUN, "PATCH /v1/runs/r1"),
    ("search", ({"search": {}},), {}, SEARCH, "POST /v1/searches"),
    ("searches", (), {"limit": 3}, {"searches": [SEARCH]}, "GET /v1/searches?limit=3"),
    ("search_state", ("s1",), {}, SEARCH, "GET /v1/searches/s1"),
    ("cancel_search", ("s1",), {}, SEARCH, "DELETE /v1/searches/s1"),
    ("rollout", ("iris",), {}, ANY, f"GET {M}/rollout"),
    ("start_rollout", ("iris", {"version": 2}), {}, ANY, f"PUT {M}/rollout"),
    ("steer_rollout", ("iris", "promote"), {}, ANY, f"POST {M}/rollout/promote"),
    ("end_rollout", ("iris",), {}, None, f"DELETE {M}/rollout"),
    ("rollouts", ("iris",), {}, {"rollouts": []}, f"GET {M}/rollouts"),
    ("rollout_record", ("iris", "r"), {}, ANY, f"GET {M}/rollouts/r"),
    ("capture", ("iris",), {}, ANY, f"GET {M}/capture"),
    ("set_capture", ("iris", {"sample": 0.1}), {}, ANY, f"PUT {M}/capture"),
    ("captured", ("iris",), {"labelled": False, "limit": 5}, {"rows": []}, f"GET {M}/captured?labelled=false&limit=5"),
    ("erase_captured", ("iris", "r"), {}, ANY, f"DELETE {M}/captured/r"),
    ("end_capture", ("iris",), {}, None, f"DELETE {M}/capture"),
    ("feedback", ([{"request_id": "r", "index": 0, "label": "x"}],), {}, ANY, "POST /v1/feedback"),
    ("quality", ("iris",), {"window_s": 60}, ANY, f"GET {M}/quality?window_s=60"),
    ("monitoring", ("iris",), {"version": 2, "window_s": 60}, ANY, f"GET {M}/versions/2/monitoring?window_s=60"),
    ("whoami", (), {}, {"key_id": None, "scopes": []}, "GET /v1/me"),
    ("request", ("PUT", "/v1/any"), {"params": {"a": 1, "b": None}, "json": [1]}, ANY, "PUT /v1/any?a=1"),
]  # fmt: skip
BODIES = {
    "train": {"model": "iris"},
    "set_label": {"version": 2, "force": False},
    "roll_back": {"rollback": True, "force": False},
    "delete_version": {"force": False, "dry_run": False},
    "tag": {"tags": ["best"], "note": "keep"},
    "search": {"search": {}},
    "start_rollout": {"version": 2},
    "set_capture": {"sample": 0.1},
    "propose_spec": {"source": "dataset://9f", "target": "y"},
    "feedback": {"items": [{"request_id": "r", "index": 0, "label": "x"}]},
    "request": [1],
}
REPEATED = {
    "train", "jobs", "job", "datasets", "dataset", "upload", "models", "model", "labels", "metadata", "report",
    "manifest", "examples", "check_spec", "propose_spec", "preview", "set_label", "runs", "run", "compare_runs",
    "tag", "search", "searches", "search_state", "rollout", "rollouts", "rollout_record", "start_rollout",
    "capture", "set_capture", "end_capture", "captured", "erase_captured", "feedback", "quality", "monitoring",
    "whoami",
}  # fmt: skip
"""Doing these twice does no harm."""


@pytest.mark.parametrize(("name", "arguments", "options", "answer", "expected"), CALLS, ids=[one[0] for one in CALLS])
def test_each_operation_is_one_call_of_the_interface(done, name, arguments, options, answer, expected):
    """Method, path, query, body, and whether it may be repeated."""
    _, (call,) = done(getattr(OPERATIONS, name)(*arguments, **options), response(answer))
    query = "&".join(f"{key}={value}" for key, value in call.params.items())
    assert f"{call.method} {call.path}" + (f"?{query}" if query else "") == expected
    assert call.is_repeatable == (name in REPEATED)
    if name in BODIES:
        assert json.loads(call.content) == BODIES[name]
        assert call.headers["Content-Type"] == "application/json"


def test_every_operation_is_in_this_table():
    """But predictions and files, which have tests of their own."""
    public = {name for name, _ in inspect.getmembers(Operations, inspect.isfunction) if not name.startswith("_")}
    assert public == {one[0] for one in CALLS} | {"predict", "classify", "download"}


def test_a_file_of_a_version_is_what_was_published(done):
    """By the digest that the service names."""
    content = b"a network"
    digest = hashlib.sha256(content).hexdigest()
    found, (call,) = done(OPERATIONS.download("iris", 2, "model.keras"), response(content=content, ETag=f'"{digest}"'))
    assert (found, call.path, call.is_repeatable) == (content, f"{M}/versions/2/files/model.keras", True)
    with pytest.raises(UnexpectedAnswer, match=r"model\.keras as it was published"):
        done(OPERATIONS.download("iris", 2, "model.keras"), response(content=b"half", ETag=f'"{digest}"'))


def test_what_would_come_of_a_move_is_found_out(done):
    """Without moving anything, so that it may be repeated."""
    for steps in (
        OPERATIONS.set_label("iris", "stable", 2, dry_run=True),
        OPERATIONS.roll_back("iris", dry_run=True),
    ):
        _, (call,) = done(steps, response(MOVED))
        assert json.loads(call.content)["dry_run"] is True
        assert call.is_repeatable


def test_a_spec_is_proposed_for_an_upload(done):
    """Which is given as it came back, too."""
    dataset, _ = done(OPERATIONS.dataset("iris.csv"), response(DATASET))
    steps = OPERATIONS.propose_spec(dataset, features=("a", "b"), model="iris")
    _, (call,) = done(steps, response({"spec": {}, "text": ""}))
    assert json.loads(call.content) == {"source": "dataset://9f", "features": ["a", "b"], "model": "iris"}


def test_what_jobs_models_and_data_sets_say_is_read_once(done):
    """Into objects that keep the whole document."""
    result = {"version": 3, "metrics": {"accuracy": 0.9}}
    ended = {**JOB, "status": "finished", "result": result, "progress": {"epoch": 2}, "error": None}
    job, _ = done(OPERATIONS.job(Job.of(JOB)), response(ended))
    assert (job.id, job.is_ended, job.is_finished, job.model) == ("7", True, True, "iris")
    assert (job.version, job.metrics, job.progress, job.error) == (3, {"accuracy": 0.9}, {"epoch": 2}, None)
    failed = Job.of({**JOB, "status": "failed", "error": {"type": "DataError", "message": "no rows"}})
    assert (failed.error, failed.is_finished, failed.version, failed.progress) == ("no rows", False, None, {})
    model, _ = done(OPERATIONS.model("iris"), response(MODELS))
    assert (model.default_version, model.labels, model.versions[0].metrics) == (1, {"stable": 1}, {"accuracy": 0.9})
    dataset, _ = done(OPERATIONS.dataset("iris.csv"), response(DATASET))
    assert (dataset.source, dataset.rows, dataset.document) == ("dataset://9f", 150, DATASET)


def test_lists_are_read_page_by_page(done):
    """Until there is no next one, or there are as many as were asked for."""
    pages = [response({"jobs": [JOB, JOB], "next": "c1"}), response({"jobs": [JOB]})]
    jobs, calls = done(OPERATIONS.jobs(), *pages)
    assert (len(jobs), [dict(call.params) for call in calls]) == (3, [{}, {"cursor": "c1"}])
    jobs, calls = done(OPERATIONS.jobs(limit=2), pages[0])
    assert (len(jobs), calls[0].params) == (2, {"limit": "2"})


def test_a_spec_is_a_document_or_yaml_or_a_file(done, tmp_path):
    """Each call has a key of its own, unless one is given."""
    path = tmp_path / "spec.yaml"
    path.write_text("model: iris\n")
    keys = []
    for spec, kind in [({"model": "iris"}, "json"), ("model: iris", "yaml"), (path, "yaml"), (str(path), "yaml")]:
        _, (call,) = done(OPERATIONS.train(spec), response(JOB))
        assert (call.headers["Content-Type"], b"iris" in call.content) == (f"application/{kind}", True)
        keys.append(call.headers["Idempotency-Key"])
    assert len(set(keys)) == 4
    _, (call,) = done(OPERATIONS.train({}, idempotency_key="mine"), response(JOB))
    assert call.headers["Idempotency-Key"] == "mine"


@pytest.mark.parametrize(("spec", "message"), [("nowhere.yaml", "No such file"), ({"a": object()}, "document of JSON")])
def test_a_spec_that_cannot_be_sent_is_told(done, spec, message):
    """Before anything is sent."""
    with pytest.raises(InvalidInput, match=message):
        done(OPERATIONS.train(spec))


@pytest.mark.parametrize(
    ("data", "starts"),
    [
        (b"a\n1\n", b"a\n1\n"),
        (pd.DataFrame({"a": [1]}), b"a\n1\n"),
        (pl.DataFrame({"a": [1]}), b"a\n1\n"),
        ({"x": np.ones(2)}, b"PK"),
    ],
)
def test_data_is_uploaded_from_wherever_it_is(data, starts):
    """Again from its beginning, where a connection is lost."""
    steps = OPERATIONS.upload(data, name="a.csv")
    call = next(steps)
    assert isinstance(call.content, Body)
    first, again = b"".join(call.content.pieces()), b"".join(call.content.pieces())
    assert first == again
    assert (first.startswith(starts), len(first)) == (True, call.content.size)
    assert call.is_long


def test_a_file_is_uploaded_under_its_own_name(done, tmp_path):
    """Or under another one."""
    path = tmp_path / "iris.csv"
    path.write_bytes(b"a\n1\n")
    for given, name in [({}, "iris.csv"), ({"name": "b.csv"}, "b.csv")]:
        _, (call,) = done(OPERATIONS.upload(path, **given), response(DATASET))
        assert call.params == {"name": name}


@pytest.mark.parametrize(
    ("data", "options", "message"),
    [("nowhere.csv", {}, "No such file"), (b"a", {}, "a file name"), (7, {"name": "a.csv"}, "received int")],
)
def test_data_that_cannot_be_uploaded_is_told(done, data, options, message):
    """Before anything is sent."""
    with pytest.raises(InvalidInput, match=message):
        done(OPERATIONS.upload(data, **options))


def test_a_deleted_data_set_names_what_was_trained_on_it(done):
    """As far as the service names it."""
    trained, _ = done(OPERATIONS.delete_dataset("a"), response(X_Onehot_Trained_Versions="iris/1, iris/2"))
    assert trained == ["iris/1", "iris/2"]


def test_a_model_that_is_not_there_is_told(done):
    """And one without a default version."""
    with pytest.raises(NotFound, match="no model 'other'"):
        done(OPERATIONS.model("other"), response(MODELS))
    none = {"models": [{**MODELS["models"][0], "default_version": None}]}
    with pytest.raises(NotFound, match="name one"):
        done(OPERATIONS.report("iris"), response(none))


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_a_name_is_one_part_of_a_path(done, name):
    """Whatever it holds."""
    with pytest.raises(InvalidInput, match="a name"):
        done(OPERATIONS.job(name))
    _, (call,) = done(OPERATIONS.job("a/b?c"), response(JOB))
    assert call.path == "/v1/jobs/a%2Fb%3Fc"


@pytest.mark.parametrize("answer", [response(content=b"<html>", Content_Type="text/html"), response([1]), response({})])
def test_a_success_of_something_else_is_told(done, answer):
    """With the call and what came."""
    with pytest.raises(UnexpectedAnswer, match="GET http://x/: expected"):
        done(OPERATIONS.jobs(), answer)

"""Where `onehot train` finds the files of a spec: beside it, then in the working folder, then in the data roots."""

import json
from pathlib import Path

import pytest

from tests.unit.onehot.test_cli import SPEC

MESSAGE = "expected a file under /data (ONEHOT_DATA_ROOTS); received '/x', which is outside"
OUTSIDE = (400, {"error": "the spec has problems", "details": [{"path": "data.source", "message": MESSAGE}]})


def write_spec(path, **data):
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_text(json.dumps({**SPEC, "data": {"source": "tiny.npz", **data}}))
    return str(path)


@pytest.fixture
def submitted(against, stand_in, onehot):  # noqa: ARG001 -- it leads into an empty folder
    """Trains a spec; the `data` of what was submitted last."""

    def run(spec, *arguments):
        stand_in.on("POST", "/v1/jobs", (202, {"id": "7", "status": "queued"}))
        result = against("train", spec, "--detach", *arguments)
        assert result.exit_code == 0, result.stderr
        return json.loads(stand_in.received[-1][3])["data"]

    return run


def test_a_file_beside_the_spec_comes_before_one_in_the_working_folder(submitted, tmp_path):
    """Whatever folder the command runs in."""
    spec = write_spec(tmp_path / "specs" / "spec.json", test="own_test.npz")
    (tmp_path / "tiny.npz").touch()
    assert submitted(spec) == {"source": str(tmp_path / "tiny.npz"), "test": "own_test.npz"}
    for name in ("tiny.npz", "own_test.npz"):
        (tmp_path / "specs" / name).touch()
    assert submitted(spec)["source"] == str(tmp_path / "specs" / "tiny.npz")
    assert submitted("specs/spec.json")["test"] == str(tmp_path / "specs" / "own_test.npz")


def test_what_is_not_here_is_left_to_the_data_roots(submitted, tmp_path):
    """As it is written; so are URLs and fractions."""
    spec = write_spec(tmp_path / "specs" / "spec.json", validation=0.2)
    assert submitted(spec) == {"source": "tiny.npz", "validation": 0.2}
    assert submitted(spec, "--set", "data.source=sklearn://iris")["source"] == "sklearn://iris"
    assert submitted(spec, "--set", f"data.source={'a' * 300}.npz")["source"] == f"{'a' * 300}.npz"


def test_a_tilde_is_the_home_folder(submitted, tmp_path, monkeypatch):
    """In a spec as in a shell."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    spec = write_spec(tmp_path / "spec.json", source="~/mine.npz")
    assert submitted(spec)["source"] == "~/mine.npz"
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "mine.npz").touch()
    assert submitted(spec)["source"] == str(tmp_path / "home" / "mine.npz")


def test_a_folder_and_a_name_like_a_pattern_are_paths(submitted, tmp_path):
    """Brackets mean nothing."""
    (tmp_path / "pics [old]").mkdir()
    assert submitted(write_spec(tmp_path / "spec.json", source="pics [old]"))["source"] == str(tmp_path / "pics [old]")


def test_a_service_with_other_folders_gets_the_spec_as_it_is_written(against, stand_in, tmp_path):
    """One in a container looks in its own data roots; a spec that is wrong there too is told with its whole path."""
    (tmp_path / "tiny.npz").touch()
    spec = write_spec(tmp_path / "spec.json")
    stand_in.on("POST", "/v1/jobs", OUTSIDE, (202, {"id": "7", "status": "queued"}))
    assert against("train", spec, "--detach").stdout == "7\n"
    sources = [json.loads(body)["data"]["source"] for *_, body in stand_in.received]
    assert sources == [str(tmp_path / "tiny.npz"), "tiny.npz"]
    stand_in.on("POST", "/v1/jobs", OUTSIDE)
    result = against("train", spec, "--detach")
    assert (result.exit_code, "which is outside" in result.stderr) == (2, True)


def test_another_problem_is_no_reason_to_look_elsewhere(against, stand_in, tmp_path):
    """The file that is here is the one that is meant."""
    (tmp_path / "tiny.npz").touch()
    refused = {"error": "the spec has problems", "details": [{"path": "layers.0.Dense", "message": "expected 2 units"}]}
    stand_in.on("POST", "/v1/jobs", (400, refused))
    assert against("train", write_spec(tmp_path / "spec.json"), "--detach").exit_code == 2
    assert len(stand_in.received) == 1


def test_training_here_gets_the_same_paths(onehot, tmp_path, monkeypatch):
    """`--local` too."""
    given = []

    def train_here(document, **_):
        given.append(document)
        return {"model": "tiny", "version": 1}

    monkeypatch.setattr("onehot.commands.training.train.train_here", train_here)
    spec = write_spec(tmp_path / "specs" / "spec.json")
    (Path(spec).parent / "tiny.npz").touch()
    assert onehot("train", spec, "--local").exit_code == 0
    assert given[0]["data"]["source"] == str(tmp_path / "specs" / "tiny.npz")

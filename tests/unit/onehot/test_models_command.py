import json
import shutil

import pytest

from models.preprocessing.instances import InstanceSpec
from models.store.manifest import GoldenRows, Manifest, TensorInfo
from models.store.promotions import PromotionLog
from models.store.store import Store

HOLDS_NOT = {
    "metric": "accuracy",
    "holds": False,
    "checks": [{"rule": "minimum", "expected": 0.9, "received": 0.5, "holds": False}],
}


def draft(job_id: str, gate: dict[str, object] | None) -> Manifest:
    return Manifest(
        model="tiny", version=0, job_id=job_id, created_at="2026-11-24T10:00:00Z", task="softmax",
        inputs=(TensorInfo("x", "float32", (None, 2)),), outputs=(TensorInfo("y", "float32", (None, 3)),),
        instance=InstanceSpec((2,), None, (2,)), preprocessing=[], class_names=("low", "middle", "high"),
        metrics={"accuracy": 0.5}, golden_rows=GoldenRows([[0, 0]], [[0, 0, 1]], 1e-5), files={},
        data={"source": "tiny.npz", "rows": {"train": 8, "test": 2}}, seed=1, backend="tensorflow",
        package_versions={}, weights_sha256="0" * 64, gate=gate,
    )  # fmt: skip


@pytest.fixture
def store(onehot, tmp_path) -> Store:  # noqa: ARG001 -- it leads into an empty folder
    """Three versions in `var/store`; `stable` names the second, as the third one's gate does not hold."""
    store = Store.open("var/store")
    for job_id, gate in (("a", None), ("b", None), ("c", HOLDS_NOT)):
        store.publish(draft(job_id, gate), {"model.onnx": job_id.encode() * 8}, promote=gate is None)
    return store


@pytest.mark.usefixtures("store")
def test_versions_are_listed_with_their_labels(onehot):
    """No service is needed."""
    rows = json.loads(onehot("models", "list", "--json").stdout)
    assert [(row["version"], row["labels"]) for row in rows] == [(1, []), (2, ["stable"]), (3, [])]
    assert "accuracy 0.5000" in onehot("models", "list").stdout


def test_an_empty_store_says_what_fills_it(onehot):
    """On stderr: a table of nothing is nothing."""
    result = onehot("models", "list")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "onehot train SPEC publishes one" in result.stderr


@pytest.mark.usefixtures("store")
def test_the_default_version_is_shown(onehot):
    """It is the one that `stable` names."""
    assert "version        2\n" in onehot("models", "show", "tiny").stdout
    assert json.loads(onehot("models", "show", "tiny", "3", "--json").stdout)["version"] == 3


@pytest.mark.usefixtures("store")
def test_the_verdict_of_a_gate_is_shown_with_its_version(onehot):
    """In the list, of one version, and told from a version that was promoted by force."""
    sentence = "not promoted: accuracy 0.5000, at least 0.9"
    assert f"verdict        {sentence}" in onehot("models", "show", "tiny", "3").stdout
    assert [sentence in line for line in onehot("models", "list").stdout.splitlines()[1:]] == [False, False, True]
    rows = json.loads(onehot("models", "list", "--json").stdout)
    assert [row["verdict"] for row in rows] == [None, None, sentence]
    onehot("models", "label", "tiny", "stable", "3", "--force")
    assert "promoted by force: accuracy 0.5000, at least 0.9" in onehot("models", "show", "tiny", "3").stdout


def test_a_label_moves_and_goes(onehot, store):
    """As the store sees it."""
    assert onehot("models", "label", "tiny", "canary", "1").exit_code == 0
    assert store.labels("tiny") == {"canary": 1, "stable": 2}
    assert onehot("models", "label", "tiny", "canary", "--delete").exit_code == 0
    assert store.labels("tiny") == {"stable": 2}


def test_a_label_goes_onto_a_version_with_a_broken_gate_by_force_only(onehot, store):
    """The message says which rule it was."""
    refused = onehot("models", "label", "tiny", "stable", "3")
    assert refused.exit_code == 1
    assert "not promoted: accuracy 0.5000, at least 0.9: label 'stable' does not move" in refused.stderr
    assert [one.version for one in PromotionLog(store.objects, "tiny").read()] == [1, 2]
    assert onehot("models", "label", "tiny", "stable", "3", "--force").exit_code == 0
    assert store.labels("tiny") == {"stable": 3}
    *_, forced = PromotionLog(store.objects, "tiny").read()
    assert (forced.label, forced.previous, forced.version) == ("stable", 2, 3)
    assert forced.verdict == ("accuracy 0.5000, at least 0.9",)
    assert "@" in forced.by


def test_rolling_back_moves_stable_to_the_version_before(onehot, store):
    """And says so where there is none."""
    assert onehot("models", "rollback", "tiny").stdout == "stable of tiny is version 1; it was 2\n"
    assert store.labels("tiny") == {"stable": 1}
    assert onehot("models", "rollback", "tiny").exit_code == 1


def test_a_rollback_goes_to_what_stable_named_before_and_never_past_a_gate(onehot, store):
    """Version 4 is stable, and the gate of 3 does not hold: back to 2, then 1; onto 3 by force only, and recorded."""
    store.publish(draft("d", None), {"model.onnx": b"d"})
    assert onehot("models", "rollback", "tiny").stdout == "stable of tiny is version 2; it was 4\n"
    refused = onehot("models", "rollback", "tiny", "--to", "3")
    assert refused.exit_code == 1
    assert "not promoted: accuracy 0.5000, at least 0.9" in refused.stderr
    assert store.labels("tiny") == {"stable": 2}
    assert onehot("models", "rollback", "tiny", "--to", "3", "--force").exit_code == 0
    last = PromotionLog(store.objects, "tiny").read()[-1]
    assert (last.action, last.version, last.previous) == ("rollback", 3, 2)
    assert last.verdict == ("accuracy 0.5000, at least 0.9",)
    assert onehot("models", "rollback", "tiny").stdout == "stable of tiny is version 2; it was 3\n"


def test_a_rollback_in_a_store_without_a_record_passes_over_failed_gates(onehot, store):
    """Older stores recorded forced moves only."""
    store.publish(draft("d", None), {"model.onnx": b"d"})
    shutil.rmtree(store.folder / "tiny" / "promotions")
    assert onehot("models", "rollback", "tiny").stdout == "stable of tiny is version 2; it was 4\n"
    shutil.rmtree(store.folder / "tiny" / "promotions")
    assert onehot("models", "rollback", "tiny").stdout == "stable of tiny is version 1; it was 2\n"


def test_verifying_names_the_file_of_a_broken_version(onehot, store):
    """One changed byte ends with 1; the other versions are fine."""
    file = store.folder / "tiny" / "2" / "model.onnx"
    file.write_bytes(b"a" + file.read_bytes()[1:])
    result = onehot("models", "verify", "tiny")
    assert result.exit_code == 1
    assert "tiny version 1: every file is as it was published" in result.stdout
    assert "tiny version 2: model.onnx of version 2" in result.stdout
    assert "not as published: version 2 of tiny" in result.stderr


def test_a_broken_version_is_not_rolled_back_to(onehot, store):
    """`stable` stays where it is."""
    (store.folder / "tiny" / "1" / "model.onnx").unlink()
    assert onehot("models", "rollback", "tiny").exit_code == 1
    assert store.labels("tiny") == {"stable": 2}


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize(
    "arguments", [["show", "none"], ["show", "tiny", "9"], ["verify", "none"], ["label", "tiny", "canary", "9"]]
)
def test_what_is_not_there_ends_with_1_and_one_line(onehot, arguments):
    """The names that exist are one command away."""
    result = onehot("models", *arguments)
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)


DOCUMENT = {
    "models": [{
        "name": "far", "default_version": 1, "labels": {"stable": 1},
        "versions": [
            {"version": 2, "state": "END", "error": None, "verdict": "not promoted: accuracy 0.5000, at least 0.9",
             "labels": [], "created_at": "2026-11-24", "task": "softmax", "class_names": ["a", "b"], "metrics": {}},
            {"version": 1, "state": "AVAILABLE", "error": None, "verdict": None, "labels": ["stable"],
             "created_at": "2026-11-23", "task": "softmax", "class_names": ["a", "b"], "metrics": {"accuracy": 0.9}},
        ],
    }]
}  # fmt: skip


@pytest.mark.usefixtures("store")
def test_with_a_url_every_command_asks_that_service(against, stand_in):
    """The store of this machine is another one; --store asks for it."""
    stand_in.on("GET", "/v1/models", (200, DOCUMENT))
    stand_in.on("PUT", "/v1/models/far/labels/stable", (200, {"version": 1, "previous": 2}))
    stand_in.on("DELETE", "/v1/models/far/labels/canary", (204, b""))
    rows = json.loads(against("models", "list", "--json").stdout)
    assert [(row["model"], row["version"]) for row in rows] == [("far", 1), ("far", 2)]
    assert "not promoted" in against("models", "list").stdout.splitlines()[-1]
    assert "labels         stable" in against("models", "show", "far").stdout
    assert against("models", "show", "far", "9").exit_code == 1
    assert against("models", "show", "tiny").exit_code == 1
    assert against("models", "verify", "far").stdout.splitlines() == [
        "far version 1: every file is as it was published",
        "far version 2: not loaded, so not checked by the service: --store reads its files",
    ]
    assert against("models", "label", "far", "stable", "1").stdout == "stable of far is version 1\n"
    assert json.loads(stand_in.received[-1][3]) == {"version": 1, "force": False}
    assert against("models", "rollback", "far", "--force").stdout == "stable of far is version 1; it was 2\n"
    assert json.loads(stand_in.received[-1][3]) == {"rollback": True, "force": True}
    assert against("models", "label", "far", "canary", "--delete").stdout == "canary of far is gone\n"
    there = json.loads(against("models", "list", "--store", "--json").stdout)
    assert [row["model"] for row in there] == ["tiny"] * 3


def test_a_service_that_is_not_there_is_told_and_the_store_is_not_asked_instead(onehot):
    """A wrong address gives no answer of another place."""
    result = onehot("models", "list", URL="http://127.0.0.1:1")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "no service answers at http://127.0.0.1:1" in result.stderr

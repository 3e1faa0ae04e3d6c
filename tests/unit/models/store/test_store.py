import json
import threading
from dataclasses import replace

import obstore
import pytest

from models.errors import (
    CorruptVersion,
    LabelNotFound,
    ModelNotFound,
    NoEarlierVersion,
    StoreUnavailable,
    VersionNotFound,
)
from models.store.label_moves import Moved, roll_back
from models.store.store import Store

FILES = {"model.onnx": b"graph", "model.keras": b"keras", "report.json": b"{}", "spec.yaml": b"model: iris\n"}
STEPS = ("claim", *(f"upload {name}" for name in FILES), "commit", "manifest", "label")


class Killed(BaseException):
    """The process dies here."""


def killed_at(step):
    """A callback that dies before one step."""

    def on_step(name):
        if name == step:
            raise Killed

    return on_step


def test_a_published_version_is_read_back_equal(store, draft):
    """What is published is what is read."""
    published = store.publish(draft, FILES)
    assert published.version == 1
    assert store.manifest("iris", 1) == published
    assert store.read(published, "model.onnx") == b"graph"
    assert store.verify("iris", 1) == published


def test_a_store_lists_models_and_versions_in_order(store, draft):
    """Numbers are sorted as numbers."""
    for number in range(11):
        store.publish(replace(draft, job_id=f"job-{number}"), FILES)
    assert store.versions("iris") == list(range(1, 12))
    assert store.models() == ["iris"]
    assert store.versions("unknown") == []


def test_publishing_twice_for_one_job_gives_one_version(store, draft):
    """The job's id makes publishing idempotent."""
    first = store.publish(draft, FILES)
    again = store.publish(draft, {**FILES, "model.onnx": b"other bytes"})
    assert again == first
    assert store.versions("iris") == [1]


@pytest.mark.parametrize("step", STEPS[:-1])
def test_a_publish_that_dies_shows_no_version_and_its_retry_publishes_exactly_one(store, draft, step):
    """At whatever step it dies: nothing is visible, then there is exactly one."""
    with pytest.raises(Killed):
        store.publish(draft, FILES, on_step=killed_at(step))
    assert store.versions("iris") == []
    assert store.models() == []
    published = store.publish(draft, FILES)
    assert store.versions("iris") == [published.version]
    assert store.labels("iris") == {"stable": published.version}
    store.verify("iris", published.version)


def test_a_publish_that_dies_before_its_label_moves_it_on_the_retry(store, draft):
    """The version is there; the retry only moves the label."""
    with pytest.raises(Killed):
        store.publish(draft, FILES, on_step=killed_at("label"))
    assert store.labels("iris") == {}
    store.publish(draft, FILES)
    assert (store.versions("iris"), store.labels("iris")) == ([1], {"stable": 1})


def test_two_attempts_of_one_job_at_once_publish_one_version(store, draft):
    """An orphan that still publishes beside its successor changes nothing."""
    results = []

    def orphan_commits_first(name):
        if name == "commit":
            results.append(store.publish(draft, {**FILES, "model.onnx": b"the orphan's"}))

    survivor = store.publish(draft, FILES, on_step=orphan_commits_first)
    assert results == [survivor]
    assert store.versions("iris") == [survivor.version]
    assert store.verify("iris", survivor.version).files == survivor.files


def test_eight_publishers_at_once_get_eight_numbers(store, draft):
    """No number is given twice, and every version is complete."""
    threads = [
        threading.Thread(target=store.publish, args=(replace(draft, job_id=f"job-{number}"), FILES))
        for number in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.versions("iris") == list(range(1, 9))
    assert {store.verify("iris", version).job_id for version in store.versions("iris")} == {
        f"job-{number}" for number in range(8)
    }
    assert store.labels("iris") == {"stable": 8}


def test_one_flipped_byte_is_found_and_named(store, draft, tmp_path):
    """The error says which file of which version."""
    published = store.publish(draft, FILES)
    (tmp_path / "store/iris/1/model.onnx").write_bytes(b"grapH")
    with pytest.raises(
        CorruptVersion, match=r"model.onnx of version 1 of model 'iris'.* expected sha-256 .*; received sha-256"
    ):
        store.read(published, "model.onnx")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "UTF-8 JSON"),
        (b"[]", "format_version 1"),
        (b'{"format_version": 2}', "received 2"),
        (b'{"format_version": 1, "model": "iris"}', "a valid version"),
        (b'{"format_version": NaN}', "NaN is not JSON"),
    ],
)
def test_a_manifest_that_cannot_be_read_is_refused_by_name(store, draft, tmp_path, content, message):
    """Not JSON, another format, a field missing."""
    store.publish(draft, FILES)
    (tmp_path / "store/iris/1/manifest.json").write_bytes(content)
    with pytest.raises(CorruptVersion, match=message):
        store.manifest("iris", 1)


def test_a_manifest_that_names_a_path_outside_its_version_is_refused(store, draft, tmp_path):
    """A file's name has no path in it."""
    store.publish(draft, FILES)
    path = tmp_path / "store/iris/1/manifest.json"
    document = json.loads(path.read_bytes())
    document["files"]["../../secret"] = {"sha256": "0" * 64, "size": 1}
    path.write_text(json.dumps(document))
    with pytest.raises(CorruptVersion, match="a file name without a path"):
        store.manifest("iris", 1)


def test_a_version_copied_under_another_number_is_refused(store, draft, tmp_path):
    """A manifest speaks of its own model and version only."""
    store.publish(draft, FILES)
    (tmp_path / "store/iris/1").rename(tmp_path / "store/iris/2")
    with pytest.raises(CorruptVersion, match=r"expected model 'iris' version 2; received model 'iris' version 1"):
        store.manifest("iris", 2)


def test_a_missing_file_is_named(store, draft, tmp_path):
    """A half-copied version."""
    store.publish(draft, FILES)
    (tmp_path / "store/iris/1/spec.yaml").unlink()
    with pytest.raises(CorruptVersion, match=r"spec.yaml .* received no such file"):
        store.verify("iris", 1)


def test_resolve_follows_stable_then_the_highest_number(store, draft):
    """Without a version or a label: `stable`; without `stable`: the newest."""
    store.publish(draft, FILES, promote=False)
    store.publish(replace(draft, job_id="job-2"), FILES, promote=False)
    assert store.resolve("iris") == 2
    store.set_label("iris", "stable", 1)
    assert store.resolve("iris") == 1
    assert store.resolve("iris", label="latest") == 2
    assert store.resolve("iris", version=2) == 2


def test_what_does_not_exist_is_named(store, draft):
    """A model, a version, a label."""
    with pytest.raises(ModelNotFound, match="no model 'iris'"):
        store.resolve("iris")
    store.publish(draft, FILES)
    with pytest.raises(VersionNotFound, match="no version 9 of model 'iris'"):
        store.resolve("iris", version=9)
    with pytest.raises(LabelNotFound, match="no label 'canary' on model 'iris'"):
        store.resolve("iris", label="canary")
    with pytest.raises(VersionNotFound, match="no version 9"):
        store.set_label("iris", "canary", 9)
    with pytest.raises(LabelNotFound, match="no label 'canary'"):
        store.delete_label("iris", "canary")


def test_labels_move_and_vanish(store, draft):
    """A label is a movable name."""
    store.publish(draft, FILES)
    store.publish(replace(draft, job_id="job-2"), FILES, promote=False)
    store.set_label("iris", "canary", 2)
    assert store.labels("iris") == {"stable": 1, "canary": 2}
    store.delete_label("iris", "canary")
    assert store.labels("iris") == {"stable": 1}


def test_labels_changed_by_many_at_once_are_all_kept(store, draft):
    """No writer loses another's change."""
    store.publish(draft, FILES)
    threads = [threading.Thread(target=store.set_label, args=("iris", f"label_{n}", 1)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.labels("iris") == {"stable": 1, **{f"label_{n}": 1 for n in range(16)}}


def test_rolling_back_is_one_atomic_write(store, draft, monkeypatch):
    """And a hint that says so. A newer version that comes in between is what it goes back from."""
    for number in range(3):
        store.publish(replace(draft, job_id=f"job-{number}"), FILES)
    written = []
    put = obstore.put
    monkeypatch.setattr(
        obstore, "put", lambda o, path, *args, **kw: [written.append(path), put(o, path, *args, **kw)][1]
    )
    assert roll_back(store, "iris", by="a test") == Moved(2, 3)
    assert written[0].startswith("iris/promotions/")
    assert written[1:] == ["iris/labels.json", "changes.json"]
    assert store.labels("iris") == {"stable": 2}
    assert roll_back(store, "iris", to=1, by="a test") == Moved(1, 2)
    with pytest.raises(NoEarlierVersion, match="iris has no version before 1"):
        roll_back(store, "iris", by="a test")


def test_a_version_published_while_rolling_back_is_not_lost(store, draft, monkeypatch):
    """The label had moved on: it goes back from where it is now."""
    for number in range(2):
        store.publish(replace(draft, job_id=f"job-{number}"), FILES)
    verify = Store.verify

    def verified(self, model, version):
        if len(store.versions("iris")) == 2:
            store.publish(replace(draft, job_id="job-3"), FILES)
        return verify(self, model, version)

    monkeypatch.setattr(Store, "verify", verified)
    assert roll_back(store, "iris", by="a test") == Moved(2, 3)
    assert store.labels("iris") == {"stable": 2}


def test_an_older_publish_that_ends_late_does_not_move_stable_back(store, draft):
    """`stable` only goes forward by publishing."""

    def newer_publishes(name):
        if name == "manifest":
            store.publish(replace(draft, job_id="job-2"), FILES)

    store.publish(draft, FILES, on_step=newer_publishes)
    assert store.labels("iris") == {"stable": 2}


def test_a_folder_that_cannot_be_made_is_an_unavailable_store(tmp_path):
    """A file stands where the store should be."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnavailable, match="the store does not answer"):
        Store.open(tmp_path / "file" / "store")


def test_a_url_of_an_unknown_scheme_is_an_unavailable_store():
    """`gopher://` is no object store."""
    with pytest.raises(StoreUnavailable):
        Store.open("gopher://bucket")


def test_a_folder_that_is_gone_is_no_empty_store(store, draft):
    """No caller is told that there is no such model."""
    store.publish(draft, FILES)
    store.folder.rename(store.folder.parent / "away")
    for ask in (store.models, lambda: store.versions("iris"), lambda: store.resolve("iris")):
        with pytest.raises(StoreUnavailable, match="its folder is gone"):
            ask()


@pytest.mark.parametrize("folder", ["12345678901234567890", "9007199254740992", "٣", "007"])
def test_a_folder_whose_name_is_no_version_changes_no_number(store, draft, tmp_path, folder):
    """What is published next can be served, labelled and listed."""
    published = store.publish(draft, FILES)
    (tmp_path / "store/iris" / folder).mkdir()
    (tmp_path / "store/iris" / folder / "manifest.json").write_bytes(published.to_json())
    assert store.publish(replace(draft, job_id="next"), FILES).version == 2
    assert store.versions("iris") == [1, 2]
    assert store.resolve("iris") == 2
    with pytest.raises(VersionNotFound):
        store.set_label("iris", "canary", 12345678901234567890)


def test_behind_the_largest_number_nothing_is_published(store, draft, tmp_path):
    """The folder that holds the numbers up is named."""
    (tmp_path / "store/iris/9007199254740991").mkdir(parents=True)
    with pytest.raises(CorruptVersion, match="the folder iris/9007199254740991"):
        store.publish(draft, FILES)
    assert store.versions("iris") == []


@pytest.mark.parametrize(
    "value", ["1e999", "1" + "0" * 400, "1.5", "0", "-1", "true", "null", "[]", '"1"', "12345678901234567890"]
)
def test_labels_name_versions_by_number_and_nothing_else(store, draft, tmp_path, value):
    """The file is named, and the label."""
    store.publish(draft, FILES)
    (tmp_path / "store/iris/labels.json").write_text(f'{{"stable": 1, "canary": {value}}}')
    with pytest.raises(StoreUnavailable, match=r"^iris/labels.json: expected \{label: version\} as JSON; received"):
        store.labels("iris")


def test_a_manifest_that_quotes_at_length_is_refused_in_a_sentence(store, draft, tmp_path):
    """A list of many versions stays short."""
    published = store.publish(draft, FILES)
    path = tmp_path / "store/iris/1/manifest.json"
    document = json.loads(published.to_json())
    for change in ({"format_version": "x" * 10**6}, {"model": "x" * 10**6}, {"files": {"/" * 10**6: {}}}):
        path.write_text(json.dumps(document | change))
        with pytest.raises(CorruptVersion) as raised:
            store.manifest("iris", 1)
        assert len(str(raised.value)) < 2000


def test_what_a_request_means_costs_no_look_at_each_version(store, draft, monkeypatch):
    """However many were ever published."""
    for number in range(20):
        store.publish(replace(draft, job_id=f"job-{number}"), FILES)
    asked = []
    head = obstore.head
    monkeypatch.setattr(obstore, "head", lambda *args: (asked.append(args), head(*args))[1])
    assert [store.resolve("iris"), store.resolve("iris", version=3)] == [20, 3]
    assert store.models() == ["iris"]
    assert len(asked) <= 6


def test_a_damaged_record_of_a_job_is_named(store, draft, tmp_path):
    """A publish does not go on with what it cannot read."""
    store.publish(draft, FILES)
    (tmp_path / "store/iris/jobs" / f"{draft.job_id}.json").write_bytes(b"[" * 200_000)
    with pytest.raises(StoreUnavailable, match=r"^iris/jobs/.*: expected UTF-8 JSON"):
        store.publish(draft, FILES)

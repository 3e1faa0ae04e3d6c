"""Attacks on artifacts: each is refused by name, and whatever answered before goes on answering."""

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from models.store.store import Store

FIXTURES = Path(__file__).parents[2] / "fixtures"
NO_BYTES = 10**11


@dataclass(frozen=True)
class Attack:
    """What is done to a version, and what the refusal says.

    Args:
        spoil: Changes files of a published version's folder.
        reason: What its status says.
        graph: A fixture to publish in place of its graph, with the right digest.
        changes: Of the manifest, before it is published.
    """

    reason: str
    spoil: Callable[[Path], None] = lambda _: None
    graph: str = "classic-b"
    changes: Callable[[Any], dict[str, Any]] = lambda _: {}


def rewrite(file: str, change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        path = folder / file
        path.write_bytes(change(path.read_bytes()))

    return spoil


def in_manifest(change: Callable[[dict[str, Any]], None]) -> Callable[[Path], None]:
    def changed(content: bytes) -> bytes:
        document = json.loads(content)
        change(document)
        return json.dumps(document).encode()

    return rewrite("manifest.json", changed)


def huge(file: str, size: int = NO_BYTES) -> Callable[[Path], None]:
    """A file that takes no room on the disk, and much memory of its reader."""

    def spoil(folder: Path) -> None:
        with (folder / file).open("r+b") as opened:
            opened.truncate(size)

    return spoil


def flipped(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


ATTACKS = {
    "a corrupt graph": Attack(r"model\.onnx of version .* expected sha-256", rewrite("model.onnx", flipped)),
    "a corrupt Keras file": Attack(r"model\.keras of version .* expected sha-256", rewrite("model.keras", flipped)),
    "a truncated graph": Attack(
        r"model\.onnx of version .*expected \d+ bytes; received \d+ bytes", rewrite("model.onnx", lambda b: b[:-1])
    ),
    "half of a copy": Attack(
        r"report\.json of version .* received no such file", lambda folder: (folder / "report.json").unlink()
    ),
    "half of a manifest": Attack(
        r"manifest\.json of version .* expected UTF-8 JSON", rewrite("manifest.json", lambda b: b[: len(b) // 2])
    ),
    "an oversized graph": Attack(
        r"model\.onnx of version .*expected \d+ bytes; received 50000000 bytes", huge("model.onnx", 50_000_000)
    ),
    "an oversized Keras file": Attack(rf"model\.keras of version .* received {NO_BYTES} bytes", huge("model.keras")),
    "an oversized manifest": Attack(
        rf"manifest\.json of version .*expected at most \d+ bytes; received {NO_BYTES} bytes", huge("manifest.json")
    ),
    "another format": Attack(
        r"manifest\.json of version .*expected format_version 1; received 2",
        in_manifest(lambda document: document.update(format_version=2)),
    ),
    "another model's manifest": Attack(
        r"manifest\.json of version .*received model 'other'",
        in_manifest(lambda document: document.update(model="other")),
    ),
    "a path out of the version": Attack(
        r"manifest\.json of version .*a file name without a path",
        in_manifest(lambda document: document["files"].update({"../../secret": {"sha256": "0" * 64, "size": 1}})),
    ),
    "an absolute path": Attack(
        r"manifest\.json of version .*a file name without a path",
        in_manifest(lambda document: document["files"].update({"/etc/passwd": {"sha256": "0" * 64, "size": 1}})),
    ),
    "a number that is none": Attack(
        r"manifest\.json of version .*NaN is not JSON",
        in_manifest(lambda document: document["metrics"].update(accuracy=float("nan"))),
    ),
    "a graph of other shapes": Attack(
        r"model\.onnx of version .*expected inputs x: float32 \[None, 8\]; received x: float32 \[None, 784\]",
        graph="digits",
    ),
    "a graph that computes something else": Attack(r"its golden rows within .*a difference of", graph="classic-a"),
    "no graph at all": Attack(r"model\.onnx of version .*a graph that loads", graph="no-graph"),
    "tensors in another file": Attack(
        r"model\.onnx of version .*External data path", graph="attack-external-data"
    ),
    "an operator of its own": Attack(
        r"model\.onnx of version .*somebody\.else:Steal", graph="attack-custom-operator"
    ),
    "an unknown preprocessing step": Attack(
        r"manifest\.json of version .*whiten",
        changes=lambda _: {"preprocessing": [{"astype": "float32"}, {"whiten": {}}]},
    ),
    "golden rows that do not fit": Attack(
        r"manifest\.json of version .*golden rows that fit",
        changes=lambda golden: {"golden_rows": replace(golden, instances=[[1.0]])},
    ),
}  # fmt: skip


@pytest.fixture
def attack_with(store_folder, tmp_path, draft_of) -> Callable[[Attack, int], None]:
    """Prepare an attack elsewhere, and move it into the store under a version's number, as another tool would."""

    def _attack(attack: Attack, number: int) -> None:
        elsewhere = Store.open(tmp_path / f"attack-{number}")
        draft, files = draft_of("classic", "classic-b")
        graph = FIXTURES / f"{attack.graph}.onnx"
        files["model.onnx"] = graph.read_bytes() if graph.exists() else b"this is no graph"
        draft = replace(draft, **attack.changes(draft.golden_rows))
        for _ in range(number - 1):  # claims take the numbers before
            elsewhere._claim(draft)
        assert elsewhere.publish(draft, files).version == number
        assert elsewhere.folder is not None
        folder = elsewhere.folder / "classic" / str(number)
        attack.spoil(folder)
        shutil.move(folder, store_folder / "classic" / str(number))

    return _attack


def test_every_attack_is_refused_by_name(serve, publish_next, attack_with, store, wait_until) -> None:
    """The label names the version; the status says which file it is and what is wrong; version 1 answers."""
    assert publish_next() == 1
    service = serve(ONEHOT_POLL_S="0.1", ONEHOT_FULL_POLL_S="0.1")
    before = service.memory_bytes()
    said = {}
    for number, (name, attack) in enumerate(ATTACKS.items(), start=2):
        attack_with(attack, number)
        store.set_label("classic", "stable", number)

        def refusal(of: int = number) -> str:
            (one,) = service.call("GET", f"/v1/models/classic/versions/{of}").json().get("model_version_status", [{}])
            return one["status"]["error_message"] if one.get("state") == "END" else ""

        said[name] = wait_until(refusal, what=f"{name} is refused")
        assert service.default_version == 1
        wait_until(lambda of=number: service.predict(f"classic/versions/{of}").status_code == 503)
    unnamed = {name: text for name, text in said.items() if not re.search(ATTACKS[name].reason, text)}
    assert unnamed == {}
    assert service.is_ready
    assert service.memory_bytes() - before < 64e6
    assert "Traceback" not in service.log


def test_what_memory_does_not_suffice_for_is_refused_with_the_numbers(
    serve, publish_next, attack_with, store, wait_until
) -> None:
    """It is not wrong: it is loaded where there is room. Nothing is killed, and what was loaded answers."""
    publish_next()
    service = serve(ONEHOT_MEMORY_BYTES=str(150_000_000), ONEHOT_POLL_S="0.1", ONEHOT_FULL_POLL_S="0.1")
    version = publish_next(promote=False)
    wait_until(lambda: service.predict(f"classic/versions/{version}").status_code == 200, what="a small one is loaded")
    version += 1
    too_large = Attack(
        r"not enough memory: loading it takes about 6\d\d MB \(2 processes\), and \d+ MB are free",
        huge("model.onnx", 100_000_000),
    )
    attack_with(too_large, version)
    store.set_label("classic", "stable", version)

    def refusal() -> str:
        answer = service.predict(f"classic/versions/{version}")
        return answer.json()["error"] if answer.status_code == 503 else ""

    wait_until(lambda: re.search(too_large.reason, refusal()), what="it is refused")
    assert service.default_version == 1
    (status,) = service.call("GET", f"/v1/models/classic/versions/{version}").json()["model_version_status"]
    assert status["status"]["error_code"] == "RESOURCE_EXHAUSTED"
    assert all(worker.is_running() for worker in service.workers)

"""Every folder of k8s/ is used, documented, and renders to what was looked at last."""

import os
import re
from pathlib import Path

import pytest

from tests.contract.manifests.api.updates import leftovers, update_faults
from tests.contract.manifests.cluster import K8S, ROOT, load, on_base, render
from tests.contract.manifests.references import EXTERNAL_SECRETS

README = (K8S / "README.md").read_text(encoding="utf-8")
RENDERS = Path(__file__).parent / "renders"
OVERLAYS = sorted(path.parent.name for path in K8S.glob("overlays/*/kustomization.yaml"))
COMPONENTS = sorted(path.parent.name for path in K8S.glob("components/*/kustomization.yaml"))


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_an_overlay_renders_as_it_did(overlay: str) -> None:
    """A change shows object by object in the review; UPDATE_RENDERS=1 in the environment accepts it."""
    rendered = render(K8S / "overlays" / overlay)
    golden = RENDERS / f"{overlay}.yaml"
    if os.environ.get("UPDATE_RENDERS"):
        golden.write_text(rendered, encoding="utf-8")
    assert rendered == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_an_overlay_can_be_applied_over_what_it_was(overlay: str) -> None:
    """Nothing changes that an API server refuses to change; UPDATE_RENDERS=1 after it, and a recipe in the README."""
    golden = load((RENDERS / f"{overlay}.yaml").read_text(encoding="utf-8"))
    assert list(update_faults(golden, load(render(K8S / "overlays" / overlay)))) == []


MOVES = re.findall(r"^\| `(\w+)` \| (`\w+`(?:, `\w+`)*) \| ([^|]*)\| ([^|]*)\|$", README, re.MULTILINE)


@pytest.mark.parametrize(
    ("old", "new", "deleted", "fixed"),
    [(old, new, deleted, fixed) for old, news, deleted, fixed in MOVES for new in re.findall(r"\w+", news)],
)
def test_the_readme_says_what_a_move_leaves_behind(old: str, new: str, deleted: str, fixed: str) -> None:
    """All of it, and what cannot be changed in place."""
    before, after = (load(render(K8S / "overlays" / name)) for name in (old, new))
    assert set(deleted.split()) == {one.lower() for one in leftovers(before, after)}
    assert set(fixed.split()) == {where.lower() for where, _ in update_faults(before, after)}


def test_the_readme_knows_the_moves() -> None:
    """At least those between neighbours, both ways."""
    known = {(old, new) for old, news, _, _ in MOVES for new in re.findall(r"\w+", news)}
    assert known >= {("kind", "cpu"), ("gpu", "production"), ("production", "cpu"), ("production", "gpu")}


def test_two_components_take_the_same_worker_away(tmp_path: Path) -> None:
    """`keda-gpu` with `no-gpu` does not render, as the README says."""
    on_base("no-gpu", tmp_path)
    file = tmp_path / "kustomization.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(
        text.replace("no-gpu]", f"no-gpu, {os.path.relpath(K8S / 'components/keda-gpu', tmp_path)}]"), "utf-8"
    )
    with pytest.raises(AssertionError, match="onehot-trainer-gpu"):
        render(tmp_path)
    assert "`keda-gpu` does not render with `no-gpu`" in README


@pytest.mark.parametrize("component", COMPONENTS)
def test_a_component_fits_on_the_base(component: str, tmp_path: Path) -> None:
    """Alone, without the others of its overlay."""
    assert load(render(on_base(component, tmp_path))).documents != load(render(K8S / "base")).documents


@pytest.mark.parametrize("name", [*OVERLAYS, *COMPONENTS])
def test_the_readme_names_every_folder(name: str) -> None:
    """What is not written down is not there for anyone."""
    assert f"`{name}`" in README or f"`components/{name}`" in README


def test_the_readme_names_every_file_to_change() -> None:
    """A mark CHANGE in a file and a row of the table belong together."""
    marked = {
        str(path.relative_to(K8S)) for path in K8S.rglob("*") if path.is_file() and "CHANGE" in path.read_text("utf-8")
    }
    named = set(re.findall(r"`((?:base|components|overlays)/[^`*]+\.(?:yaml|env))`", README))
    assert named == marked - {"README.md"}


@pytest.mark.parametrize("secret", EXTERNAL_SECRETS)
def test_the_readme_says_how_to_make_every_secret(secret: str) -> None:
    """The command makes the keys that the pods read."""
    commands = re.findall(rf"create secret generic {secret} (.*?)$", README.replace("\\\n", " "), re.MULTILINE)
    assert len(commands) == 1
    made = set(re.findall(r"--from-(?:literal|file)=([\w.]+)=", commands[0]))
    assert made
    assert EXTERNAL_SECRETS[secret] <= made


def test_the_readmes_overlays_are_made_of_what_it_says() -> None:
    """The table and the kustomizations agree."""
    for overlay in OVERLAYS:
        row = next(line for line in README.splitlines() if line.startswith(f"| `{overlay}` |"))
        text = (K8S / "overlays" / overlay / "kustomization.yaml").read_text(encoding="utf-8")
        used = set(re.findall(r"components/([a-z-]+)", text))
        assert used == set(re.findall(r"`([a-z-]+)`", row)) - {overlay}


def test_every_container_runs_an_image_that_is_built_or_pinned() -> None:
    """Names of our images are targets of the Dockerfile, with the project's version."""
    targets = set(re.findall(r" AS (\S+)$", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE))
    version = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    assert version
    for overlay in OVERLAYS:
        images = {
            one["image"]
            for workload in load(render(K8S / "overlays" / overlay)).workloads
            for one in workload.containers
        }
        ours = {image.partition(":") for image in images if image.startswith("onehot-")}
        assert {name.removeprefix("onehot-") for name, _, _ in ours} <= targets
        assert {tag for _, _, tag in ours} == {version[1]}

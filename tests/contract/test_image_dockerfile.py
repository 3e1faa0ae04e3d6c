"""The Dockerfile says what the rest of the repository says."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
STAGES = {name: base for base, name in re.findall(r"^FROM (\S+) AS (\S+)$", DOCKERFILE, re.MULTILINE)}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def stage(name: str) -> str:
    """The instructions of one stage."""
    return re.split(r"^FROM ", DOCKERFILE.split(f" AS {name}\n")[1], flags=re.MULTILINE)[0]


def test_uv_has_the_version_that_wrote_the_lock() -> None:
    """The images and `make setup` use the same uv."""
    setup = (ROOT / "scripts" / "setup.sh").read_text(encoding="utf-8")
    in_setup = re.search(r"^uv_version=(\S+)$", setup, re.MULTILINE)
    in_image = re.search(r"^ARG UV_VERSION=(\S+)$", DOCKERFILE, re.MULTILINE)
    assert in_setup
    assert in_image
    assert in_image[1] == in_setup[1]


def test_the_images_carry_the_projects_version() -> None:
    """Labels name the version of pyproject.toml."""
    versions = re.findall(r"^ARG VERSION=(\S+)$", DOCKERFILE, re.MULTILINE)
    assert versions == [PROJECT["project"]["version"]] * 3


def gpu_extra() -> str:
    """What the GPU's image installs unless a build argument says otherwise."""
    return re.findall(r"^ARG GPU_EXTRA=(\S+)$", stage("trainer-gpu-dependencies"), re.MULTILINE)[0]


def test_jax_with_cuda_is_an_extra_of_its_own() -> None:
    """`--build-arg GPU_EXTRA=trainer-gpu-jax` adds it to what the GPU's image has."""
    extras = PROJECT["project"]["optional-dependencies"]
    assert extras["trainer-gpu-jax"][0] == f"onehot[{gpu_extra()}]"
    assert any(one.startswith("jax[cuda12]") for one in extras["trainer-gpu-jax"])


@pytest.mark.parametrize(
    ("target", "extras"),
    [("service", ("service", "opentelemetry")), ("trainer", ("trainer",)), ("trainer-gpu", ("trainer-gpu",))],
)
def test_each_target_installs_its_own_extras_from_the_lock(target: str, extras: tuple[str, ...]) -> None:
    """`--locked`: the service's image never sees a training framework."""
    synced = re.findall(r"uv sync (.*)$", stage(f"{target}-dependencies"), re.MULTILINE)
    named = " ".join(f"--extra {extra}" for extra in extras)
    words = [line.replace("${GPU_EXTRA}", gpu_extra()) for line in synced]
    assert words == [f"--locked --no-dev --no-install-workspace {named}"]
    assert f"COPY --from={target}-dependencies /opt/onehot /opt/onehot" in stage(target)
    assert f"COPY --from={target}-project /opt/project /opt/project" in stage(target)


def test_nothing_that_decides_what_is_installed_is_mounted() -> None:
    """Buildah's cache looks at copied files and not at mounted ones: it would go on with an older lock."""
    assert set(re.findall(r"--mount=type=(\w+)", DOCKERFILE)) == {"cache"}


@pytest.mark.parametrize("target", ["service", "trainer", "trainer-gpu"])
def test_each_target_ends_as_a_user_with_a_number(target: str) -> None:
    """RunAsNonRoot can check a number alone, and nothing runs as root after it."""
    users = re.findall(r"^USER (\S+)$", stage(target), re.MULTILINE)
    assert users == ["10001:10001"]


def test_every_package_of_the_wheel_reaches_the_build() -> None:
    """What pyproject.toml packs, the Dockerfile copies and .dockerignore lets through; the client's wheel likewise."""
    ignore = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    for package in (*PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"], "client"):
        assert f"COPY {package} /src/{package}" in DOCKERFILE
        assert f"!{package}" in ignore


def test_the_licence_reaches_the_build() -> None:
    """The wheels and the images carry it."""
    ignore = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    copied = re.search(r"^COPY (pyproject.* README.*) /src/$", stage("wheel"), re.MULTILINE)
    assert copied
    for file in PROJECT["project"]["license-files"]:
        assert file in copied[1].split()
        assert f"!{file}" in ignore


def test_the_lock_is_read_with_every_member_of_the_workspace() -> None:
    """Without the pyproject.toml of one, uv reads no lock."""
    for member in PROJECT["tool"]["uv"]["workspace"]["members"]:
        copied = DOCKERFILE.count(f"COPY {member}/pyproject.toml /src/{member}/")
        assert copied == len([name for name in STAGES if name.endswith("-dependencies")])


def test_only_named_files_reach_the_build() -> None:
    """.dockerignore is an allow-list."""
    lines = [
        line for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line and line[0] != "#"
    ]
    assert lines[0] == "*"


def test_the_base_image_is_one_argument() -> None:
    """A mirror or a digest replaces the base everywhere at once."""
    from_outside = {base for base in STAGES.values() if base not in STAGES}
    assert from_outside == {"${PYTHON_IMAGE}"}
    default = re.search(r"^ARG PYTHON_IMAGE=(\S+)$", DOCKERFILE, re.MULTILINE)
    assert default
    assert re.fullmatch(r"docker\.io/library/python:3\.11-slim-bookworm", default[1])

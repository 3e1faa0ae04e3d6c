"""compose.yaml starts what the images and the settings are."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from models.settings import read_settings

ROOT = Path(__file__).parents[2]
SERVICES: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]
VARIABLE = re.compile(r"\$\{[^}]*\}")
OURS = sorted(name for name, service in SERVICES.items() if "build" in service)


def test_there_is_a_queue_a_service_and_a_worker() -> None:
    """A laptop needs no more."""
    assert set(SERVICES) == {"queue", "service", "worker"}


@pytest.mark.parametrize("name", OURS)
def test_each_image_is_a_target_with_known_settings(name: str) -> None:
    """The target exists, and the application accepts the variables."""
    targets = re.findall(r" AS (\S+)$", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    assert SERVICES[name]["build"]["target"] in targets
    environment = {key: VARIABLE.sub("secret", value) for key, value in SERVICES[name]["environment"].items()}
    assert read_settings(environment).store == "/mnt/models"


@pytest.mark.parametrize("name", SERVICES)
def test_each_container_is_hardened(name: str) -> None:
    """As in the cluster."""
    service = SERVICES[name]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


def test_only_loopback_is_published() -> None:
    """The service runs without keys here, and the queue is not published at all."""
    ports = {name: service.get("ports", []) for name, service in SERVICES.items()}
    assert ports == {"queue": [], "service": ["127.0.0.1:8501:8501"], "worker": []}


def test_the_queue_is_the_cluster_s() -> None:
    """Same image, append-only file, no eviction, a password."""
    base = (ROOT / "k8s" / "base" / "kustomization.yaml").read_text(encoding="utf-8")
    name, _, tag = SERVICES["queue"]["image"].rpartition(":")
    assert f"- name: {name}\n    newTag: {tag}" in base
    shell, option, script = SERVICES["queue"]["command"]
    assert (shell, option) == ("sh", "-c")
    assert "appendonly yes\nmaxmemory-policy noeviction\nrequirepass $$REDISCLI_AUTH\n" in script

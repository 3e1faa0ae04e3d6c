"""Start the rendered overlay `cpu` from local images, train through it, predict through it, stop it.

    unshare --mount --net sh -c 'ip link set lo up; python scripts/run_overlay.py FOLDER [WORD …]'

FOLDER is podman's, as scripts/image_check.sh fills it; the words are added to the service's command. Everything shares
one network namespace of its own, so the ports and addresses are those of the manifests and nothing can be reached from
outside. Ends 1 when something is not as it should be.
"""

import json
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import yaml
from podman_pods import Podman, Translation

from models.api_keys import ApiKeyFile
from models.spec.yaml_text import load_document

ROOT = Path(__file__).parents[1]
URL = "http://127.0.0.1:8501"
ORDER = ("onehot-queue", "onehot-service", "onehot-trainer-cpu")
IMAGES = {
    "onehot-service:0.2.0": "localhost/onehot-service:dev",
    "onehot-trainer:0.2.0": "localhost/onehot-trainer:dev",
    "docker.io/valkey/valkey:8.1.4-alpine": "localhost/valkey-stand-in:dev",
}
START_S = 60
TRAINING_S = 300
STOP_SIGNAL = "SIGTERM"
# Effective capabilities, privileges, seccomp filter of process 1, and whether its root can be written to.
LOOK = "grep -E '^(CapEff|NoNewPrivs|Seccomp):' /proc/1/status; id -u; touch /probe 2>&1 || true"


def main(folder: Path, *words: str) -> int:
    """Run the scenario; the exit status."""
    podman = Podman(folder)
    volumes = folder / "volumes"
    shutil.rmtree(volumes, ignore_errors=True)
    volumes.mkdir(parents=True)
    key = make_keys(volumes / "keys.json")
    workloads, translation = translate(volumes)
    try:
        for name in ORDER:
            podman.run("rm", "--force", "--ignore", name)
            podman.run(*translation.arguments(workloads[name]), *(words if name == "onehot-service" else ()))
            say(f"started {name}")
        wait(is_ready, START_S, "the service is ready")
        for name in ORDER:
            expect_hardened(podman, name)
        expect_image(podman, "onehot-service", IMAGES["onehot-service:0.2.0"], has_health=True)
        expect_image(podman, "onehot-trainer-cpu", IMAGES["onehot-trainer:0.2.0"], has_health=False)
        train_and_predict(httpx.Client(base_url=URL, timeout=30, headers={"Authorization": f"Bearer {key}"}))
        return max([stop(podman, name) for name in reversed(ORDER)])
    except SystemExit:
        for name in ORDER:
            say(f"--- {name}\n{podman.run('logs', '--tail', '30', name, check=False, with_errors=True)}")
        raise
    finally:
        for name in ORDER:
            podman.run("rm", "--force", "--ignore", "--time", "1", name, check=False)


def make_keys(path: Path) -> str:
    """A file of API keys with one in it; the key."""
    _, key = ApiKeyFile(path).add(["admin"])
    return key


def translate(volumes: Path) -> tuple[dict[str, Any], Translation]:
    """The overlay's workloads by name, and how each is run."""
    kubectl = Path(sys.executable).with_name("kubectl")
    rendered = subprocess.run(
        [kubectl, "kustomize", ROOT / "k8s/overlays/cpu"], capture_output=True, text=True, check=True
    )
    documents = [one for one in yaml.safe_load_all(rendered.stdout) if one]
    given = {
        "onehot-queue-password": {"password": secrets.token_hex(32)},
        "onehot-api-keys": {"keys.json": (volumes / "keys.json").read_text(encoding="utf-8")},
    }
    extra = ("--network=host", "--add-host=onehot-queue:127.0.0.1", f"--volume={ROOT}/examples:/srv/onehot/examples:ro")
    workloads = {one["metadata"]["name"]: one for one in documents if one["kind"] in {"Deployment", "StatefulSet"}}
    return workloads, Translation(documents, volumes, given, IMAGES, extra)


def expect_hardened(podman: Podman, name: str) -> None:
    """The container has no capability, no way to get one, a seccomp filter, a user, a root that it cannot write to."""
    seen = podman.run("exec", name, "sh", "-c", LOOK)
    for part in ("CapEff:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2", "Read-only file system"):
        if part not in seen:
            raise SystemExit(f"{name}: expected {part!r}; received {seen!r}")
    if "\n0\n" in seen:
        raise SystemExit(f"{name}: expected a user that is not root; received {seen!r}")
    say(f"{name}: no capabilities, no new privileges, seccomp, read-only root")


def expect_image(podman: Podman, name: str, image: str, *, has_health: bool) -> None:
    """The image says how it is stopped and labels itself; what it calls a health check holds in its container."""
    configuration = json.loads(podman.run("image", "inspect", "--format", "{{json .Config}}", image))
    health = json.loads(podman.run("image", "inspect", "--format", "{{json .HealthCheck}}", image)) or {}
    kind, *command = health.get("Test", ["NONE"])
    if (
        configuration.get("StopSignal") != STOP_SIGNAL
        or "org.opencontainers.image.title" not in configuration["Labels"]
    ):
        raise SystemExit(f"{image}: expected {STOP_SIGNAL} and labels; received {configuration}")
    if (kind == "CMD") is not has_health:
        raise SystemExit(f"{image}: expected {'a' if has_health else 'no'} health check; received {health}")
    if has_health:
        podman.run("exec", name, *command)  # not 0 would end here
    say(f"{name}: stops by {STOP_SIGNAL}, {'healthy' if has_health else 'no health check, on purpose'}")


def train_and_predict(client: httpx.Client) -> None:
    """The classic case: submitted, trained, published into the shared volume, served."""
    spec = load_document((ROOT / "examples/classic.yaml").read_text(encoding="utf-8"), name="classic.yaml")
    job = client.post("/v1/jobs", json=spec)
    if job.status_code != httpx.codes.ACCEPTED:
        raise SystemExit(f"POST /v1/jobs: expected 202; received {job.status_code} {job.text}")
    path = f"/v1/jobs/{job.json()['id']}"
    wait(lambda: client.get(path).json()["status"] in {"finished", "failed", "stopped"}, TRAINING_S, "the job ends")
    ended = client.get(path).json()
    if ended["status"] != "finished":
        raise SystemExit(f"{path}: expected finished; received {json.dumps(ended)}")
    say(f"trained {ended['result']['model']} {ended['result']['version']}: {ended['result']['metrics']}")
    body = {"instances": [[0.1 * number for number in range(8)]]}
    wait(lambda: client.post("/v1/models/classic:predict", json=body).is_success, START_S, "the version is served")
    say(f"predicted {client.post('/v1/models/classic:predict', json=body).json()['predictions']}")


def stop(podman: Podman, name: str) -> int:
    """Send SIGTERM and wait as long as the grace period says; the container's exit status."""
    began = time.monotonic()
    podman.run("stop", name)
    status = int(podman.run("inspect", "--format", "{{.State.ExitCode}}", name))
    say(f"{name}: ended {status} {time.monotonic() - began:.1f} s after SIGTERM")
    return status


def is_ready() -> bool:
    """Whether the service says that it is ready."""
    try:
        return httpx.get(f"{URL}/readyz", timeout=2).is_success
    except httpx.TransportError:
        return False


def wait(condition: Callable[[], bool], limit_s: float, what: str) -> None:
    """Ask twice a second until it holds."""
    deadline = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit(f"expected within {limit_s:g} s that {what}")
        time.sleep(0.5)


def say(text: str) -> None:
    """One line of progress."""
    print(f"pods: {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve(), *sys.argv[2:]))

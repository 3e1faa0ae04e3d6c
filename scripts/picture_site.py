"""A service with something to see on every view of its web page, for pictures and for a look by hand.

    python scripts/picture_site.py FOLDER [HOST:PORT]     until it is interrupted

`onehot up` runs in FOLDER. Through its HTTP interface a table, a folder of pictures and the digits are trained on, a
search tries values, predictions come in, those of one day unlike the training's, and a candidate is on its way.
"""

import io
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from PIL import Image, ImageDraw

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from onehot.local.server import free_port  # noqa: E402 -- `python scripts/…` has scripts/ on its path

DEADLINE_S, PAUSE_S = 600, 0.5
SHAPES = {
    "circle": lambda draw, box, ink: draw.ellipse(box, fill=ink),
    "square": lambda draw, box, ink: draw.rectangle(box, fill=ink),
    "triangle": lambda draw, box, ink: draw.polygon(
        [(box[0], box[3]), (box[2], box[3]), ((box[0] + box[2]) / 2, box[1])], fill=ink
    ),
}
SIDE, PICTURES = 48, 40
ROWS, SHIFT_G = 400, 700
DIGITS = ((8, 0.001, False), (24, 0.001, True), (24, 0.1, False))
"""Of each version: its filters, its learning rate, whether a rollout brings it."""
ROLLOUT = {
    "steps": [{"shadow": 100}, {"canary": 10}, {"canary": 50}], "hold_s": 3600, "minimum_rows": 500,
    "guards": {"error_rate": 0.01, "agreement": 0.8},
}  # fmt: skip
SEARCH = {
    "objective": "val_accuracy", "trials": 8, "parallel": 1, "prune": "asha",
    "space": {
        "layers.0.Dense.units": {"int": [2, 32], "log": True},
        "compile.optimizer.Adam.learning_rate": {"float": [1e-4, 3e-2], "log": True},
        "layers.0.Dense.activation": {"choice": ["relu", "tanh"]},
    },
}  # fmt: skip


def onehot(*arguments: str) -> list[str]:
    """A command line."""
    return [sys.executable, "-m", "onehot", *arguments]


@contextmanager
def up(folder: Path, bind: str) -> Iterator[httpx.Client]:
    """`onehot up` in a folder; one who asks it."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ONEHOT_")}
    environment |= {"ONEHOT_BIND": bind, "PYTHONPATH": str(ROOT), "ONEHOT_WORKERS": "1", "ONEHOT_KEEP_VERSIONS": "3"}
    with (folder / "up.log").open("wb") as log:
        process = subprocess.Popen(onehot("up"), cwd=folder, env=environment, stdout=log, stderr=log)
    try:
        with httpx.Client(base_url=f"http://{bind}", timeout=60, trust_env=False) as client:
            until(lambda: is_ready(client), "the service is ready")
            yield client
    finally:
        process.terminate()
        process.wait(DEADLINE_S)


def is_ready(client: httpx.Client) -> bool:
    """Whether the service answers."""
    try:
        return client.get("/readyz").is_success
    except httpx.TransportError:
        return False


def until(condition: Callable[[], object], what: str) -> None:
    """Ask again and again."""
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {DEADLINE_S} s: {what}")
        time.sleep(PAUSE_S)


def pictures_of_shapes() -> bytes:
    """A ZIP of a folder with a sub-folder for each shape: one in colour on noise, anywhere and of any size."""
    rng, packed = np.random.default_rng(3), io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, draw in SHAPES.items():
            for index in range(PICTURES):
                picture = Image.fromarray(rng.integers(0, 60, (SIDE, SIDE, 3)).astype(np.uint8))
                size = int(rng.integers(16, 34))
                left, top = (int(one) for one in rng.integers(2, SIDE - size - 2, 2))
                ink = tuple(int(one) for one in rng.integers(90, 255, 3))
                draw(ImageDraw.Draw(picture), (left, top, left + size, top + size), ink)
                content = io.BytesIO()
                picture.save(content, "PNG")
                archive.writestr(f"{name}/{index}.png", content.getvalue())
    return packed.getvalue()


def ended(client: httpx.Client, path: str) -> dict[str, Any]:
    """What a job or a search is when it has ended."""
    known: dict[str, Any] = {}

    def is_over() -> bool:
        known.update(client.get(path).raise_for_status().json())
        return known["status"] in {"finished", "failed", "stopped", "canceled"}

    until(is_over, f"{path} has ended")
    print(f"{path}: {known['status']} {(known.get('error') or {}).get('message', '')}", flush=True)
    return known


def sent(client: httpx.Client, path: str, spec: dict[str, Any]) -> str:
    """The id of what a spec begins; what is refused is said."""
    answer = client.post(path, json=spec)
    if not answer.is_success:
        raise SystemExit(answer.text)
    return str(answer.json()["id"])


def train(client: httpx.Client, spec: dict[str, Any]) -> dict[str, Any]:
    """The job of a spec, when it has ended."""
    return ended(client, f"/v1/jobs/{sent(client, '/v1/jobs', spec)}")


def proposed(client: httpx.Client, name: str, content: bytes, **choices: object) -> dict[str, Any]:
    """The spec that the service proposes for a data file, as the Train view shows it."""
    source = client.post("/v1/datasets", params={"name": name}, content=content).raise_for_status().json()["source"]
    answer = client.post("/v1/specs/propose", json={"source": source, **choices}).raise_for_status()
    spec: dict[str, Any] = answer.json()["spec"]
    return spec


def digits_spec(filters: int, rate: float, *, is_rollout: bool) -> dict[str, Any]:
    """A small convolutional network for the handwritten digits."""
    spec = {
        "model": "digits", "seed": 7, "data": {"source": "sklearn://digits", "validation": 0.15, "test": 0.15},
        "preprocessing": [{"rescale": {"scale": 0.0625}}, {"reshape": [8, 8, 1]}],
        "layers": [
            {"Conv2D": {"filters": filters, "kernel_size": 3, "activation": "relu"}}, "Flatten",
            {"Dense": {"units": 10, "activation": "softmax"}},
        ],
        "compile": {"optimizer": {"Adam": {"learning_rate": rate}}, "loss": "categorical_crossentropy",
                    "metrics": ["accuracy"]},
        "fit": {"epochs": 12, "batch_size": 64},
        "gate": {"metric": "accuracy", "minimum": 0.9, "not_worse_than": "stable", "tolerance": 0.005},
    }  # fmt: skip
    return spec | ({"rollout": ROLLOUT} if is_rollout else {})


def furnish(client: httpx.Client) -> None:
    """Train, search, predict."""
    table = (ROOT / "examples" / "data" / "penguins.csv").read_bytes()
    penguins = proposed(client, "penguins.csv", table, target="species")
    penguins["fit"]["epochs"] = 40
    train(client, penguins)
    for filters, rate, is_rollout in DIGITS:
        train(client, digits_spec(filters, rate, is_rollout=is_rollout))
    shapes = proposed(client, "shapes.zip", pictures_of_shapes())
    shapes["fit"]["epochs"] = 25
    train(client, shapes)
    last_year = digits_spec(4, 0.001, is_rollout=False) | {"model": "digits-of-last-year", "fit": {"epochs": 1}}
    last_year.pop("gate")
    train(client, last_year)
    searched = penguins | {"model": "penguins-searched", "fit": {"epochs": 9, "batch_size": 16}}
    ended(client, f"/v1/searches/{sent(client, '/v1/searches', {**searched, 'search': SEARCH})}")
    runs = client.get("/v1/runs?model=digits").json()["runs"]
    client.patch(f"/v1/runs/{runs[-1]['id']}", json={"tags": ["baseline"], "note": "8 filters, as always"})
    predictions(client, table.decode())
    requests_of_the_rollout(client)


def predictions(client: httpx.Client, table: str) -> None:
    """Penguins as in the table, but heavier: what monitoring is there to notice."""
    names, *lines = (line.split(",") for line in table.strip().splitlines())
    form = client.get("/v1/models/penguins/metadata").json()["metadata"]["instance"]["features"]
    whole = [dict(zip(names, line, strict=True)) for line in lines if "" not in line and "NA" not in line]
    for index in range(ROWS):
        row = whole[index % len(whole)]
        shown = {one["name"]: row[one["name"]] for one in form}
        typed = {
            name: value if not value.replace(".", "", 1).isdigit() else float(value) for name, value in shown.items()
        }
        typed["body_mass_g"] = typed["body_mass_g"] + SHIFT_G
        client.post("/v1/models/penguins:predict", json={"instances": [typed]}).raise_for_status()


def requests_of_the_rollout(client: httpx.Client) -> None:
    """A few hundred of the test rows, which both versions compute."""
    examples = client.get("/v1/models/digits/versions/1/examples").json()["examples"]
    for index in range(ROWS):
        body = {"instances": [examples[index % len(examples)]["instance"]]}
        client.post("/v1/models/digits:predict", json=body).raise_for_status()


@contextmanager
def furnished(folder: Path, bind: str | None = None) -> Iterator[str]:
    """The site; its address. A folder that was furnished before is taken as it is."""
    folder.mkdir(parents=True, exist_ok=True)
    with up(folder, bind or f"127.0.0.1:{free_port()}") as client:
        if not (folder / "furnished.json").is_file():
            furnish(client)
            (folder / "furnished.json").write_text(json.dumps({"at": time.time()}))
        yield str(client.base_url).rstrip("/")


if __name__ == "__main__":
    place = Path(sys.argv[1])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    with furnished(place, *sys.argv[2:3]) as url:
        print(url, flush=True)
        signal.pause()

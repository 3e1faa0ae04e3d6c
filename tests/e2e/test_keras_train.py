"""One's own `fit` on the queue: docs/from-keras.md as its reader types it, and what differs from the classic text."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from onehot_client import Client, TrainingFailed
from onehot_client.keras import train

from models.settings import read_settings
from onehot.local.server import free_port
from onehot.local.stack import StackConfig, run_stack
from tests.timing import promised_s

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "from-keras.md"
ADDRESS = "http://127.0.0.1:8501"
WALK_S = 300
"""How long a newcomer's walk from a script of one's own to a served version may take."""
BLOCK = re.compile(r"^```(python|console)\n(.*?)^```", re.MULTILINE | re.DOTALL)
pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Where the service and the script run."""
    return Path(tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="module")
def url(folder):
    """Of a service with everything around it."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ONEHOT_")}
    environment |= {"ONEHOT_STORE": str(folder / "store"), "ONEHOT_BIND": f"127.0.0.1:{free_port()}"}
    environment["ONEHOT_DATA_ROOTS"] = str(folder)
    config = StackConfig(read_settings(environment), environment, folder / "valkey")
    with run_stack(config, on_line=lambda *_: None, on_message=lambda _: None) as stack:
        yield stack.url


def typed(commands: str) -> str:
    """What the commands of a block print."""
    printed = ""
    for line in re.findall(r"^\$ onehot (.*)", commands, re.MULTILINE):
        command = [sys.executable, "-m", "onehot", *line.split()]
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr
        printed += ran.stdout + ran.stderr
    return printed


def test_the_guide_does_what_it_says(url, folder, monkeypatch, capsys) -> None:
    """The classic text line by line: trained through the queue, on rows kept aside as good as its own fit."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("ONEHOT_URL", url)
    names: dict[str, Any] = {}
    started_s = time.monotonic()
    for language, text in BLOCK.findall(GUIDE.read_text("utf-8")):
        if language == "console":
            assert re.search(r"is written.*Published own version 1", typed(text), re.DOTALL)
        else:
            exec(compile(text.replace(ADDRESS, url), GUIDE.name, "exec"), names)  # noqa: S102 -- it is ours
    took_s = time.monotonic() - started_s
    assert took_s < promised_s(WALK_S)
    printed = capsys.readouterr().out
    assert "Epoch 150/150" in printed
    assert "layers.0.Lambda" in printed
    assert names["version"] == 1
    rows, targets = names["X_test"], names["Y_test"]
    names["model"].fit(names["X_train"], names["Y_train"], epochs=150, batch_size=10, verbose=0)
    own = np.mean(names["model"].predict(rows, verbose=0).argmax(axis=1) == targets.argmax(axis=1))
    assert abs(names["accuracy"] - own) <= 0.04  # two of fifty rows
    with Client(url) as client:
        served = client.predict("classic", rows.astype("float32"))
        assert np.allclose(served.outputs, names["trained"].predict(rows, verbose=0), atol=1e-5)
        assert list(served.classes[:3]) == [str(one) for one in np.asarray(served.probabilities[:3]).argmax(axis=1)]


def test_class_numbers_validation_and_early_stopping_go_along(url, capsys) -> None:
    """The last rows are validated with; the history is what was measured; numbers keep their order."""
    rng = np.random.default_rng(1)
    y = np.arange(240) % 12  # as text, 10 and 11 would come before 2
    x = (np.eye(12)[y] * 4 + rng.normal(0, 0.3, (240, 12))).astype("float32")
    model = keras.Sequential([keras.Input((12,)), keras.layers.Dense(12)], name="numbers")
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.05), loss, metrics=["accuracy"])
    stop = keras.callbacks.EarlyStopping(monitor="val_loss", patience=2, min_delta=10.0)
    with Client(url) as client:
        trained = train(model, x, y, epochs=30, validation_split=0.2, callbacks=[stop], verbose=2, client=client)
    history = trained.model.history.history
    assert set(history) >= {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert len(history["loss"]) == 3
    assert "Stopped after epoch 3 of 30" in capsys.readouterr().out
    assert np.allclose(trained.model.predict(x[:5], verbose=0).sum(axis=1), 1, atol=1e-5)


def test_a_job_that_fails_says_why(url) -> None:
    """A loss that is no number any more."""
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)], name="diverging")
    model.compile(keras.optimizers.SGD(1.0), "mse")
    x = np.full((40, 2), 1e18, dtype="float32")
    with pytest.raises(TrainingFailed, match=r"job .* failed: "):
        train(model, x, np.arange(40.0), epochs=3, verbose=0, test_split=0.2, url=url)

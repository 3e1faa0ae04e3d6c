import json
import os
import subprocess
import sys

import pytest

from models.errors import StoreUnavailable
from models.settings import Settings
from trainer.__main__ import main
from trainer.backends.choice import BackendMissing, is_installed
from trainer.fit.progress import NullObserver
from trainer.launch.failures import error_document
from trainer.launch.launch import launch

FRAMEWORKS = ("keras", "tensorflow", "jax", "torch", "onnx", "sklearn", "polars")


def test_importing_the_trainer_loads_no_framework() -> None:
    """The backend must still be free to choose, and a help text quick."""
    code = (
        "import sys, trainer, trainer.jobs, trainer.worker, trainer.worker.training_worker\n"
        "import trainer.launch.launch, trainer.__main__\n"
        f"print([name for name in {FRAMEWORKS!r} if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


@pytest.mark.parametrize("module", ["trainer", "trainer.worker"])
def test_an_unknown_setting_stops_the_start(module: str) -> None:
    """With its name, and exit status 2."""
    ran = subprocess.run(
        [sys.executable, "-m", module, *(["x.yaml"] if module == "trainer" else [])],
        env={**os.environ, "ONEHOT_STROE": "typing mistake"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 2
    assert "ONEHOT_STROE" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_wrong_spec_is_told_with_every_problem(tmp_path, capsys) -> None:
    """Exit status 2, on the pipe as well as on stderr."""
    (tmp_path / "spec.yaml").write_text("model: NO\nlayers: [Desne]\n")
    assert main([str(tmp_path / "spec.yaml"), "--json-lines"]) == 2
    captured = capsys.readouterr()
    end = json.loads(captured.out)
    assert (end["event"], end["status"], end["error"]["type"]) == ("end", "failed", "SpecError")
    for path in ("model:", "layers.0", "data", "compile"):
        assert path in captured.err


def test_a_missing_file_is_told(capsys) -> None:
    """Without a traceback."""
    assert main(["nowhere.yaml"]) == 2
    assert "nowhere.yaml: expected a readable file; received No such file or directory" in capsys.readouterr().err


def test_values_are_set_from_outside(tmp_path, capsys) -> None:
    """`--set` changes the document before it is checked."""
    (tmp_path / "spec.yaml").write_text("model: a\n")
    assert main([str(tmp_path / "spec.yaml"), "--set", "fit.epochs=none"]) == 2
    assert "fit.epochs" in capsys.readouterr().err


def test_a_backend_that_is_not_installed_is_named(make_spec, tmp_path) -> None:
    """Before any data is read."""
    if is_installed("torch"):
        pytest.skip("torch is installed here")
    with pytest.raises(BackendMissing, match="received 'torch', which is not installed"):
        launch(
            make_spec(backend="torch"), settings=Settings(store=str(tmp_path)), job_id="job", observer=NullObserver()
        )


def test_errors_are_told_without_the_inside() -> None:
    """Ours in full, others in one short line."""
    assert error_document(StoreUnavailable("disk full"))["message"] == "the store does not answer: disk full"
    foreign = error_document(ValueError("first line\nsecond line with a path"))
    assert foreign == {"type": "ValueError", "message": "first line"}
    assert error_document(MemoryError())["type"] == "OutOfMemory"

"""The notebooks of examples/notebooks run from top to bottom against everything on this machine: `make test-docs`."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from models.settings import read_settings
from onehot.local.server import free_port
from onehot.local.stack import StackConfig, run_stack

pytestmark = pytest.mark.timeout(600)
ROOT = Path(__file__).parents[3]
NOTEBOOKS = ROOT / "examples" / "notebooks"
TOOLS = next((ROOT / ".venv-docs").glob("lib/python3*/site-packages"), ROOT / ".venv-docs")
EXECUTE = """
import json, sys
import nbclient, nbformat
notebook = nbformat.read(sys.argv[1], as_version=4)
nbclient.NotebookClient(notebook, timeout=300, kernel_name="python3").execute()
outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
print(json.dumps([output.get("text") or output.get("data", {}).get("text/plain", "") for output in outputs]))
"""
SHOWN = {
    "tabular": r"version 1: (0\.9[5-9]\d|1\.000) of 344 penguins",
    "images": r"version 1: (0\.[89]\d\d|1\.000) of 97 pictures",
    "own_script": r"version 1: largest difference to Keras (0\.0e\+00|\d\.\de-0[6-9]) on 48 wines",
}
"""What each comes to."""


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Of a kernel: what runs the notebooks comes from .venv-docs, all else from where the tests run."""
    folder = tmp_path_factory.mktemp("notebooks")
    own = {name: value for name, value in os.environ.items() if not name.startswith("ONEHOT_")}
    own |= {"ONEHOT_STORE": str(folder / "store"), "ONEHOT_BIND": f"127.0.0.1:{free_port()}"}
    config = StackConfig(read_settings(own), own, folder / "valkey")
    with run_stack(config, on_line=lambda *_: None, on_message=lambda _: None) as stack:
        path = os.pathsep.join(filter(None, (os.environ.get("PYTHONPATH"), str(TOOLS))))
        yield own | {
            "ONEHOT_URL": stack.url,
            "PYTHONPATH": path,
            "IPYTHONDIR": str(folder),
            "JUPYTER_PLATFORM_DIRS": "1",
        }


@pytest.mark.parametrize("name", SHOWN)
def test_a_notebook_runs_from_top_to_bottom(name: str, environment: dict[str, str], tmp_path: Path) -> None:
    """And comes to what it promises; no output is stored in it."""
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "data").symlink_to(ROOT / "examples" / "data")
    source = json.loads((NOTEBOOKS / f"{name}.ipynb").read_text("utf-8"))
    assert not any(cell.get("outputs") for cell in source["cells"])
    copy = tmp_path / "notebooks" / f"{name}.ipynb"
    copy.write_text(json.dumps(source), encoding="utf-8")
    command = [sys.executable, "-c", EXECUTE, copy.name]
    done = subprocess.run(command, cwd=copy.parent, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    texts = json.loads(done.stdout.splitlines()[-1])
    assert any(re.search(SHOWN[name], text) for text in texts), texts


def test_every_notebook_is_run() -> None:
    """None is there that no test names."""
    assert {path.stem for path in NOTEBOOKS.glob("*.ipynb")} == set(SHOWN)

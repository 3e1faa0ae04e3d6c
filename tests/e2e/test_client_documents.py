"""The Python client's documents, run block by block against a real queue, a real worker and a real service."""

import os
import re
from pathlib import Path
from typing import Any

import pytest
from onehot_client import AsyncClient, Client

from models.settings import read_settings
from onehot.local.server import free_port
from onehot.local.stack import StackConfig, run_stack

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "python-client.md"
README = ROOT / "client" / "README.md"
ADDRESS = "http://127.0.0.1:8501"
ANSWERING = {README: 1, GUIDE: 2}
"""The version that the last prediction comes from: the guide has promoted a candidate by then."""
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    """Of a service with everything around it, in a folder of its own."""
    folder = tmp_path_factory.mktemp("site")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ONEHOT_")}
    environment |= {"ONEHOT_STORE": str(folder / "store"), "ONEHOT_BIND": f"127.0.0.1:{free_port()}"}
    config = StackConfig(read_settings(environment), environment, folder / "valkey")
    with run_stack(config, on_line=lambda *_: None, on_message=lambda _: None) as stack:
        yield stack.url


@pytest.mark.parametrize("document", [README, GUIDE], ids=["README.md", "python-client.md"])
def test_every_block_does_what_it_says(url: str, document: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One after the other, as their reader types them."""
    blocks = BLOCK.findall(document.read_text("utf-8"))
    assert blocks
    names: dict[str, Any] = {}
    try:
        for block in blocks:
            assert ADDRESS in block or names
            exec(compile(block.replace(ADDRESS, url), document.name, "exec"), names)  # noqa: S102 -- it is ours
    finally:
        names["client"].close()
    assert names["job"].model in ("sizes", "digits")
    assert names["answer"].version == ANSWERING[document]
    assert "accuracy" in capsys.readouterr().out


def test_the_guide_names_every_method() -> None:
    """Of both clients."""
    named = set(re.findall(r"`(\w+)`", GUIDE.read_text("utf-8")))
    public = {name for one in (Client, AsyncClient) for name in dir(one) if not name.startswith("_")}
    assert public - {"url", "is_here", "operations"} <= named

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from service.inference.onnx_session import Graph, GraphError

FIXTURES = Path(__file__).parents[3] / "fixtures"


def test_a_graph_computes_what_numpy_computes(graph_of, compute) -> None:
    """A batch in, a row of probabilities for each instance out."""
    batch = np.random.default_rng(0).random((5, 8), dtype=np.float32)
    predictions = graph_of("classic-a").run(batch)
    assert predictions.dtype == np.float32
    assert np.allclose(predictions, compute("classic-a", batch), atol=1e-6)


def test_a_graph_names_its_tensors(graph_of) -> None:
    """What the manifest is compared with; the samples axis has no size."""
    graph = graph_of("digits")
    assert [(one.name, one.dtype, one.shape) for one in graph.inputs] == [("x", "float32", (None, 784))]
    assert [(one.name, one.dtype, one.shape) for one in graph.outputs] == [("probabilities", "float32", (None, 10))]


@pytest.mark.parametrize("content", [b"", b"not a graph", b"\x00" * 1000])
def test_what_is_no_graph_is_refused(content: bytes) -> None:
    """In one line, without a traceback of the runtime."""
    with pytest.raises(GraphError) as raised:
        Graph(content)
    assert len(str(raised.value).splitlines()) == 1


def test_a_batch_of_another_shape_is_an_error(graph_of) -> None:
    """Of ours, not of the runtime."""
    with pytest.raises(GraphError):
        graph_of("classic-a").run(np.zeros((1, 9), np.float32))


def test_importing_the_runtime_starts_no_thread() -> None:
    """Its telemetry is off: it would send reports, and its thread would not survive a fork."""
    code = """if True:
        import os, numpy
        before = len(os.listdir("/proc/self/task"))
        import service.inference.onnx_session
        print(len(os.listdir("/proc/self/task")) - before)
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "0"


def test_a_tensor_in_another_file_is_not_read(tmp_path, monkeypatch) -> None:
    """It would come from the working directory, whatever lies there."""
    (tmp_path / "secret.bin").write_bytes((FIXTURES / "attack-external-data.bin").read_bytes())
    monkeypatch.chdir(tmp_path)
    with pytest.raises(GraphError, match="External data path"):
        Graph((FIXTURES / "attack-external-data.onnx").read_bytes())


def test_an_operator_of_somebodys_own_is_refused() -> None:
    """By its name."""
    with pytest.raises(GraphError, match=r"somebody\.else:Steal"):
        Graph((FIXTURES / "attack-custom-operator.onnx").read_bytes())

"""A table means the same to the trainer, the data preview, the service and the command line."""

from pathlib import Path

import numpy as np
import pytest

from models.preprocessing.instances import InstanceSpec, parse_instances
from models.preprocessing.pipeline import StepSpec, fit_steps
from models.spec import DataSpec, load_spec
from onehot.input.requests import read_request
from service.decoding.csv_table import parse_csv
from service.jobs.data_preview.preview import preview_data
from service.jobs.data_preview.row_counts import count_rows
from trainer.data import Dataset, load_dataset

STEPS = (StepSpec("fill", {"strategy": "constant", "value": -1}), StepSpec("one_hot", {"columns": ["place"]}))
TABLES = {
    "plain": "size,wild,place,kind\n1,true,north,a\n2.5,false,south,b\n3,true,north,a\n",
    "gaps": "size,wild,place,kind\n1,true,north,a\n ?,false,south,b\nNA ,True,north,a\n",
    "blanks": "size, wild, place, kind\n 1 , true, north, a\n2,\tFALSE ,south,b\n3, true,north ,a\n",
    "numbers as categories": "size,wild,place,kind\n1,true,1.50,a\n2,false,2.0,b\n3,true,1.50,a\n",
    "padded": "size,wild,place,kind\n1,true,007,a\n2,false,7,b\n3,true, 007,a\n",
    "empty lines": "\n\nsize,wild,place,kind\r\n\r\n1,true,north,a\r\n2,false,south,b\r\n,,,\r\n3,true,north,a\r\n",
    "quotes": 'size,wild,"place",kind\n"1",true,"say ""x""",a\n2,"false","a, b",b\n3,true,"say ""x""",a\n',
    "no numbers": "size,wild,place,kind\n1,true,1_0,a\n2,false,٣,b\n3,true,inf,a\n",
}


def trained_on(path: Path) -> Dataset:
    return load_dataset(DataSpec(path.name), roots=(str(path.parent),), steps=STEPS)


def instances_of(text: str) -> list[str]:
    """The table as a client has it: without its target, and without rows that hold nothing."""
    lines = [line.rpartition(",")[0] for line in text.splitlines()]
    return [line for line in lines if line.strip(",")]


@pytest.fixture(params=TABLES)
def table(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """One of the tables, as a file."""
    path = tmp_path / "table.csv"
    path.write_bytes(TABLES[request.param].encode())
    return path


def test_what_is_trained_on_is_what_is_asked_for(table: Path, tmp_path: Path) -> None:
    """Over HTTP and from the command line: the same input of the network for the same line."""
    dataset = trained_on(table)
    preprocessing = fit_steps(STEPS, dataset.features[:], features=dataset.columns)
    spec = InstanceSpec(dataset.instance_shape, dataset.columns)
    expected = preprocessing.apply(dataset.features[:])
    body = "\n".join(instances_of(table.read_bytes().decode()))
    np.testing.assert_array_equal(preprocessing.apply(parse_csv(body.encode(), spec)), expected)
    (tmp_path / "instances.csv").write_text(body)
    request = read_request(str(tmp_path / "instances.csv"))
    batch = parse_instances(request["instances"], spec)
    np.testing.assert_array_equal(preprocessing.apply(batch), expected)


def test_a_table_is_accepted_and_counted_as_it_is_trained_on(table: Path) -> None:
    """Nothing is wrong with it at submission; an upload of it has as many rows."""
    document = {
        "model": "m", "data": dict.fromkeys(("source", "validation", "test"), table.name),
            "compile": {"loss": "categorical_crossentropy"},
        "preprocessing": [{"fill": {"strategy": "constant", "value": -1}}, {"one_hot": {"columns": ["place"]}}],
        "layers": [{"Dense": {"units": 2, "activation": "softmax"}}],
    }  # fmt: skip
    assert preview_data(load_spec(document), roots=(str(table.parent),)) == []
    assert count_rows(table) == trained_on(table).rows == 3

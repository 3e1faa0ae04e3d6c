import numpy as np
import pytest

from models.spec import load_spec
from service.jobs.data_preview.preview import preview_data

LAYERS = [{"Dense": {"units": 8, "activation": "relu"}}, {"Dense": {"units": 2, "activation": "softmax"}}]
TWO = np.arange(6) % 2
CSV = "a,b,species\n1,2,x\n3,4,y\n5,6,x\n"


@pytest.fixture(autouse=True)
def _data_root(tmp_path, monkeypatch):
    """Every test has a folder of data of its own."""
    monkeypatch.chdir(tmp_path)


def problems(roots=(".",), layers=LAYERS, preprocessing=(), input_shape=None, **data):
    """What the data preview says of a spec with this data, as `path: message`."""
    spec = load_spec(
        {
            "model": "m",
            "data": {"source": "data.csv", **data},
            "preprocessing": list(preprocessing),
            "layers": layers,
            "input_shape": input_shape,
            "compile": {"loss": "categorical_crossentropy"},
        }
    )
    return [f"{problem.path}: {problem.message}" for problem in preview_data(spec, roots=roots)]


def write_csv(tmp_path, text):
    """The file that the specs name."""
    (tmp_path / "data.csv").write_text(text)


def thrice(text):
    """A table whose rows come three times, so that every class is in every part."""
    return text + 2 * text.partition("\n")[2]


def write_npz(tmp_path, **arrays):
    """An archive of arrays."""
    np.savez(tmp_path / "data.npz", **arrays)


@pytest.mark.parametrize(
    "text",
    [
        CSV,
        CSV.replace("3,", "3.5,"),
        CSV.replace("1,2,x", '1,"2",x'),
        CSV.replace("4", "true"),
        CSV + "\n",
        "a,b,species\n1,2,0\n3,4,1\n5,6,1.0\n",
    ],
)
def test_a_good_table_gets_no_problem(tmp_path, text):
    """Numbers however they are written, two classes, two units."""
    write_csv(tmp_path, thrice(text))
    assert problems() == []


@pytest.mark.parametrize(
    ("text", "data", "message"),
    [
        ("", {}, "data.csv: expected at least one row; received none"),
        ("a,b,species\n", {}, "expected at least one row"),
        (
            CSV.replace("3,4", "3,"),
            {},
            "data.csv: column 'b', line 3: expected a value, or a `fill` step; received nothing",
        ),
        (CSV.replace("3,4", "3,NA"), {}, "line 3: expected a value, or a `fill` step"),
        (CSV.replace("3,4", "3,big"), {}, "column 'b', line 3: expected a number, or a `one_hot` step"),
        (CSV.replace("3,4", "3,inf"), {}, "column 'b', line 3: expected a number"),
        (CSV.replace("3,4,y", "3,4,"), {}, "column 'species', line 3: expected a target in every row"),
        (CSV.replace("y", "x"), {}, "expected at least two classes; received only 'x'"),
        (CSV + "7,8,z\n", {}, "layers.1.Dense: expected 3 units, one for each class in the data; received 2"),
        (CSV, {"target": "kind"}, "data.target: expected one of the columns a, b, species; received 'kind'"),
        (CSV, {"features": ["a", "c"]}, "data.features: expected one of the columns a, b, species; received 'c'"),
        (CSV, {"class_names": ["p", "q", "r"]}, "data.class_names: expected 2 class names"),
        (CSV + "1,2\n", {}, "data.csv: line 5: expected 3 cells; received 2"),
    ],
)
def test_a_table_that_cannot_be_trained_on_is_named(tmp_path, text, data, message):
    """With its column and row."""
    write_csv(tmp_path, text)
    found = problems(**data)
    assert len(found) == 1
    assert message in found[0]


@pytest.mark.parametrize(
    ("arrays", "options", "message"),
    [
        ({"x": np.zeros((4, 3)), "y": np.zeros(5)}, {}, "expected one target for each row"),
        ({"x": np.zeros((4, 3)), "label": np.zeros(4)}, {"target": "y"}, "data.target: expected one of x, label"),
        ({"a": np.zeros((4, 3)), "b": np.zeros(4)}, {}, "an array called"),
        ({"x": np.zeros((4, 3)), "y": np.array([{}] * 4)}, {}, "pickled objects, which are never loaded"),
        ({"x": np.zeros((4, 3)), "y": np.eye(4)}, {}, "4 units, one for each class"),
        ({"x": np.zeros((6, 28, 28)), "y": TWO}, {}, "is a Flatten missing?"),
        ({"x": np.zeros((6, 3)), "y": TWO}, {"input_shape": [4]}, "input_shape: expected [3]"),
        ({"x": np.zeros((6, 3)), "y": TWO}, {"preprocessing": [{"reshape": [2, 2]}]}, "a shape of 3 values"),
    ],
)
def test_arrays_that_cannot_be_trained_on_are_named(tmp_path, arrays, options, message):
    """From their headers alone."""
    write_npz(tmp_path, **arrays)
    found = problems(source="data.npz", **options)
    assert len(found) == 1
    assert message in found[0]


def test_good_arrays_get_no_problem(tmp_path):
    """Integer labels and one-hot rows."""
    write_npz(tmp_path, x=np.zeros((6, 3)), y=TWO)
    assert problems(source="data.npz") == []
    write_npz(tmp_path, x=np.zeros((6, 3)), y=np.eye(2)[TWO])
    assert problems(source="data.npz") == []
    write_npz(tmp_path, pixels=np.zeros((6, 3)), y=TWO, weights=np.ones(6))
    assert problems(source="data.npz", features=["pixels"]) == []


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("missing.csv", "'missing.csv', which does not exist"),
        ("../data.csv", "'../data.csv', which is outside"),
        ("/etc/passwd", "'/etc/passwd', which is outside"),
        ("ftp://host/data.csv", "expected one of sklearn://"),
        ("http://host/data.csv", "expected one of sklearn://"),
        ("file:///etc/passwd", "expected one of sklearn://"),
        ("sklearn://diggits", "expected one of sklearn://digits"),
    ],
)
def test_a_source_that_cannot_be_read_is_named(source, message):
    """Paths outside of the roots, schemes that have no reader."""
    found = problems(source=source)
    assert len(found) == 1
    assert message in found[0]


def test_a_link_out_of_the_data_roots_is_outside(tmp_path):
    """Whatever the link is called."""
    root = tmp_path / "root"
    root.mkdir()
    write_csv(tmp_path, CSV)
    (root / "data.csv").symlink_to(tmp_path / "data.csv")
    assert "which is outside" in problems(roots=(str(root),))[0]


def test_a_file_of_another_kind_is_named(tmp_path):
    """With the endings that are read."""
    (tmp_path / "data.xlsx").write_text("")
    assert "expected one of .npz" in problems(source="data.xlsx")[0]


def test_data_that_is_on_the_workers_only_is_left_to_them(tmp_path):
    """No data root exists where the service runs."""
    assert problems(roots=(str(tmp_path / "not-here"),)) == []


def test_a_known_data_set_is_checked_against_the_layers():
    """Digits are 64 numbers of 10 classes."""
    found = problems(source="sklearn://digits")
    assert found == ["layers.1.Dense: expected 10 units, one for each class in the data; received 2"]
    convolution = [
        {"Conv2D": {"filters": 4, "kernel_size": 3}},
        "Flatten",
        {"Dense": {"units": 10, "activation": "softmax"}},
    ]
    found = problems(source="sklearn://digits", layers=convolution)
    assert "layers.0.Conv2D: expected a shape of 3 axes (height, width, channels)" in found[0]
    assert problems(source="sklearn://digits", layers=convolution, preprocessing=[{"reshape": [8, 8, 1]}]) == []


def test_broken_json_lines_are_named_by_line(tmp_path):
    """The first one."""
    (tmp_path / "data.jsonl").write_text('{"a": 1, "label": "x"}\n{"a": 2, "label"\n')
    assert "data.jsonl: line 2: expected one JSON object a line" in problems(source="data.jsonl")[0]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b'{"a": "\xff"}', "line 1: expected one JSON object a line; received 'utf-8' codec can't decode"),
        (b"[" * 100_000, "line 1: expected one JSON object a line; received"),
        (b"{}", "data.jsonl: expected rows of named values"),
        (b'{"a": 1' + b"0" * 400 + b', "label": 1}\n{"a": 1, "label": 2}', "column 'a', row 1: expected a number"),
    ],
)
def test_json_lines_that_no_reader_takes_are_named(tmp_path, line, message):
    """Whatever the reader raises on them."""
    (tmp_path / "data.jsonl").write_bytes(line)
    (found,) = problems(source="data.jsonl")
    assert message in found


def test_a_damaged_or_locked_archive_is_named(tmp_path):
    """A stream that does not inflate, and one that is encrypted."""
    np.savez_compressed(tmp_path / "data.npz", x=np.arange(3000).reshape(1000, 3), y=np.arange(1000))
    whole = (tmp_path / "data.npz").read_bytes()
    begin = 30 + len("x.npy") + int.from_bytes(whole[28:30], "little")
    (tmp_path / "data.npz").write_bytes(whole[:begin] + b"\xff" * 64 + whole[begin + 64 :])
    (found,) = problems(source="data.npz")
    assert "data.npz: expected an archive of plain numpy arrays" in found
    flags = whole.index(b"PK\x01\x02") + 8
    (tmp_path / "data.npz").write_bytes(whole[:flags] + bytes([whole[flags] | 1]) + whole[flags + 1 :])
    (found,) = problems(source="data.npz")
    assert "encrypted" in found


def test_parts_with_sources_of_their_own_are_looked_for(tmp_path):
    """Each under its own key, beside what is wrong with the rest."""
    write_csv(tmp_path, thrice(CSV))
    found = problems(validation="none.csv", test="sklearn://irs")
    assert found[0].startswith("data.validation: expected a file under")
    assert found[1].startswith("data.test: expected one of sklearn://digits")
    assert problems(validation="data.csv") == []

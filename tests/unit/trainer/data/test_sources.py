import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from models.errors import DataError
from models.preprocessing.pipeline import StepSpec
from models.spec import DataSpec
from trainer.data import Dataset, load_dataset

FILL = StepSpec("fill", {"strategy": "median"})
ONE_HOT = StepSpec("one_hot", {"columns": ["island"]})


def load(root: Path, source: str, *steps: StepSpec, **data: object) -> Dataset:
    return load_dataset(DataSpec(source, **data), roots=(str(root),), steps=steps)  # type: ignore[arg-type]


def write(root: Path, name: str, text: str) -> str:
    (root / name).write_text(text)
    return name


class TestArrays:
    def test_an_archive_keeps_the_raw_shape_and_type(self, tmp_path: Path) -> None:
        """Images of bytes stay images of bytes."""
        np.savez(tmp_path / "a.npz", x=np.zeros((5, 28, 28), np.uint8), y=np.arange(5))
        dataset = load(tmp_path, "a.npz")
        assert dataset.instance_shape == (28, 28)
        assert dataset.features.dtype == np.uint8
        assert len(dataset.sha256) == 64

    def test_the_spec_names_the_arrays(self, tmp_path: Path) -> None:
        """`features` and `target` are names of arrays."""
        np.savez(tmp_path / "a.npz", pixels=np.ones((4, 2)), kind=np.arange(4), other=np.zeros(9))
        assert load(tmp_path, "a.npz", features="pixels", target="kind").rows == 4

    @pytest.mark.parametrize(
        ("arrays", "data", "message"),
        [
            ({"x": np.ones((4, 2))}, {}, "expected an array called y"),
            (
                {"x": np.ones((4, 2)), "y": np.ones(4)},
                {"target": "label"},
                "data.target: expected one of x, y; received 'label'",
            ),
            ({"x": np.ones((4, 2)), "y": np.ones(3)}, {}, "one target for each of the 4 rows of features; received 3"),
            ({"x": np.ones((0, 2)), "y": np.ones(0)}, {}, "at least one row; received none"),
            ({"x": np.ones(4), "y": np.ones(4)}, {}, "a samples axis and at least one more; received shape [4]"),
            ({"x": np.array([[1, 2], [3, np.nan]]), "y": np.ones(2)}, {}, "row 2, value [1]: expected a finite number"),
            ({"x": np.array([["a", "b"]]), "y": np.ones(1)}, {}, "row 1, value [0]: expected a number"),
        ],
    )
    def test_what_does_not_fit_is_named(self, tmp_path: Path, arrays, data, message) -> None:
        """File, place, what was expected and what came."""
        np.savez(tmp_path / "a.npz", **arrays)
        with pytest.raises(DataError) as error:
            load(tmp_path, "a.npz", **data)
        assert message in str(error.value)
        assert str(error.value).startswith("a.npz")

    def test_pickles_are_never_loaded(self, tmp_path: Path) -> None:
        """An array of objects could run code when it is read."""
        np.savez(tmp_path / "a.npz", x=np.array([{}, {}], dtype=object), y=np.ones(2))
        with pytest.raises(DataError, match="pickled objects, which are never loaded"):
            load(tmp_path, "a.npz")

    def test_a_broken_archive_is_named(self, tmp_path: Path) -> None:
        """A file that is no archive is no traceback."""
        with pytest.raises(DataError, match=r"a\.npz: expected plain numpy arrays"):
            load(tmp_path, write(tmp_path, "a.npz", "no archive"))

    def test_the_last_column_of_a_table_is_the_target(self, tmp_path: Path) -> None:
        """`.npy` holds one table."""
        np.save(tmp_path / "a.npy", np.arange(12.0).reshape(4, 3))
        dataset = load(tmp_path, "a.npy")
        assert dataset.instance_shape == (2,)
        assert dataset.targets.tolist() == [2, 5, 8, 11]
        assert load(tmp_path, "a.npy", target="0").targets.tolist() == [0, 3, 6, 9]


class TestTables:
    CSV = "length,island,kind\n1.5,north,a\n2.5,south,b\n,north,a\n"

    def test_columns_are_named(self, tmp_path: Path) -> None:
        """The target defaults to the usual names, else to the last column; the features to all others."""
        dataset = load(tmp_path, write(tmp_path, "a.csv", "label,w,h\nx,1,2\ny,3,4\n"))
        assert [column.name for column in dataset.columns or ()] == ["w", "h"]
        assert dataset.features.tolist() == [[1, 2], [3, 4]]
        assert dataset.targets.tolist() == ["x", "y"]

    def test_gaps_and_text_need_their_steps(self, tmp_path: Path) -> None:
        """`fill` allows gaps, `one_hot` makes text a category."""
        dataset = load(tmp_path, write(tmp_path, "a.csv", self.CSV), FILL, ONE_HOT)
        assert dataset.features.tolist() == [[1.5, "north"], [2.5, "south"], [None, "north"]]
        assert [(column.kind, column.optional) for column in dataset.columns or ()] == [
            ("number", True),
            ("category", True),
        ]

    @pytest.mark.parametrize(
        ("text", "steps", "message"),
        [
            (CSV, (), "column 'island', line 2: expected a number, or a `one_hot` step; received 'north'"),
            (CSV, (ONE_HOT,), "column 'length', line 4: expected a value, or a `fill` step; received nothing"),
            ("a,y\n1,x\n,x\n", (), "column 'a', line 3: expected a finite number, or a `fill` step; received nan"),
            (
                "a,b,y\n1,1,x\n2,one,x\n",
                (),
                "column 'b', line 3: expected a number, or a `one_hot` step; received 'one'",
            ),
            ("a,y\n1,x\n2,\n", (), "column 'y', line 3: expected a target in every row; received nothing"),
            ("y\n1\n", (), "expected a column beside the target; received only 'y'"),
        ],
    )
    def test_what_does_not_fit_is_named(self, tmp_path: Path, text, steps, message) -> None:
        """File, column and row, what was expected and what came."""
        with pytest.raises(DataError) as error:
            load(tmp_path, write(tmp_path, "a.csv", text), *steps)
        assert f"a.csv: {message}" in str(error.value)

    def test_a_missing_column_is_named(self, tmp_path: Path) -> None:
        """And those that there are."""
        with pytest.raises(
            DataError, match=r"data\.features: expected one of the columns length, island, kind; received 'width'"
        ):
            load(tmp_path, write(tmp_path, "a.csv", self.CSV), features=("width",))

    def test_categories_are_spelled_as_clients_send_them(self, tmp_path: Path) -> None:
        """1 and not 1.0, true and not True."""
        text = "island,n,y\n1,1,a\n2,2,b\n"
        assert load(tmp_path, write(tmp_path, "a.csv", text), ONE_HOT).features.tolist() == [["1", 1.0], ["2", 2.0]]

    def test_all_table_formats_read_alike(self, tmp_path: Path) -> None:
        """One table, four files."""
        frame = pl.DataFrame({"a": [1.0, 2.0], "b": [3, 4], "y": ["p", "q"]})
        frame.write_csv(tmp_path / "t.csv")
        frame.write_parquet(tmp_path / "t.parquet")
        (tmp_path / "t.jsonl").write_text("\n".join(json.dumps(row) for row in frame.to_dicts()))
        (tmp_path / "t.json").write_text(json.dumps(frame.to_dicts()))
        for name in ("t.csv", "t.parquet", "t.jsonl", "t.json"):
            dataset = load(tmp_path, name)
            assert dataset.features.tolist() == [[1, 3], [2, 4]], name
            assert dataset.targets.tolist() == ["p", "q"], name

    @pytest.mark.parametrize("text", ["a,b,y\n1,2,p\n3,4,q\n\n", "\na,b,y\r\n\r\n1,2,p\r\n\r\n\r\n3,4,q\r\n"])
    def test_empty_lines_are_no_rows(self, tmp_path: Path, text: str) -> None:
        """At the end, between rows, before the names."""
        dataset = load(tmp_path, write(tmp_path, "a.csv", text))
        assert dataset.features.tolist() == [[1, 2], [3, 4]]
        assert dataset.targets.tolist() == ["p", "q"]

    def test_names_are_written_as_cells_are(self, tmp_path: Path) -> None:
        """With quotes that are doubled, and a comma."""
        text = '"a ""q""","b, c",y\n1,007,p\n\n2,3,q\n'
        columns = load(tmp_path, write(tmp_path, "a.csv", text), features=('a "q"',)).columns
        assert [column.name for column in columns or ()] == ['a "q"']
        kept = load(tmp_path, "a.csv", StepSpec("one_hot", {"columns": ["b, c"]}), features=("b, c",))
        assert kept.features.tolist() == [["007"], ["3"]]

    def test_a_list_without_rows_is_named(self, tmp_path: Path) -> None:
        """And is no traceback."""
        with pytest.raises(DataError, match=r"a\.json: expected rows of named values; received none"):
            load(tmp_path, write(tmp_path, "a.json", "[]"))

    def test_a_column_of_lists_is_an_array(self, tmp_path: Path) -> None:
        """A series or an image in one column keeps its shape."""
        rows = [{"series": [1, 2, 3], "y": 0}, {"series": [4, 5, 6], "y": 1}]
        dataset = load(tmp_path, write(tmp_path, "a.jsonl", "\n".join(map(json.dumps, rows))))
        assert dataset.instance_shape == (3,)
        assert dataset.columns is None


class TestPlaces:
    def test_nothing_outside_of_the_roots_is_read(self, tmp_path: Path) -> None:
        """Neither by an absolute path, nor by dots, nor by a link."""
        root, outside = tmp_path / "root", tmp_path / "secret.npz"
        root.mkdir()
        np.savez(outside, x=np.ones((2, 2)), y=np.arange(2))
        (root / "link.npz").symlink_to(outside)
        for source in (str(outside), "../secret.npz", "link.npz"):
            with pytest.raises(DataError) as error:
                load(root, source)
            assert str(root) in str(error.value)
            assert "which is outside" in str(error.value)

    def test_each_root_is_tried(self, tmp_path: Path) -> None:
        """A relative path is looked for under every root."""
        (tmp_path / "a").mkdir()
        (tmp_path / "b").mkdir()
        np.savez(tmp_path / "b" / "x.npz", x=np.ones((2, 2)), y=np.arange(2))
        roots = (str(tmp_path / "a"), str(tmp_path / "b"))
        assert load_dataset(DataSpec("x.npz"), roots=roots).rows == 2

    def test_a_missing_file_names_the_roots(self, tmp_path: Path) -> None:
        """So that one knows where to put it."""
        with pytest.raises(DataError, match="which does not exist") as error:
            load(tmp_path, "none.npz")
        assert str(tmp_path) in str(error.value)

    @pytest.mark.parametrize("source", ["a.xlsx", "ftp://host/a.npz"])
    def test_an_unknown_kind_of_source_names_the_known_ones(self, tmp_path: Path, source: str) -> None:
        """Endings and schemes."""
        write(tmp_path, "a.xlsx", "")
        with pytest.raises(DataError, match=r"sklearn://|\.npz"):
            load(tmp_path, source)


class TestScikit:
    def test_iris_has_named_columns_and_classes(self, tmp_path: Path) -> None:
        """The wheel's own data, nothing downloaded."""
        dataset = load(tmp_path, "sklearn://iris")
        assert dataset.rows == 150
        assert next(column.name for column in dataset.columns or ()) == "sepal length (cm)"
        assert dataset.class_names == ("setosa", "versicolor", "virginica")

    def test_digits_are_flat_rows(self, tmp_path: Path) -> None:
        """Their raw shape; a reshape step makes images of them."""
        assert load(tmp_path, "sklearn://digits").instance_shape == (64,)

    def test_an_unknown_name_lists_the_known_ones(self, tmp_path: Path) -> None:
        """Rather than a traceback."""
        with pytest.raises(DataError, match="sklearn://digits, sklearn://iris"):
            load(tmp_path, "sklearn://boston")

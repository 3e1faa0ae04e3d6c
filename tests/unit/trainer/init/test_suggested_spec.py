from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from models.errors import DataError
from models.settings import Settings
from models.spec import Spec, load_spec
from models.spec.yaml_text import load_document
from trainer.init.__main__ import main, write_spec


def spec_of(root: Path, source: str, target: str | None = None) -> Spec:
    return load_spec(load_document(write_spec(source, target, settings=settings(root))))


def settings(root: Path) -> Settings:
    return Settings(store=str(root / "store"), data_roots=(str(root),))


def steps_of(spec: Spec) -> list[str]:
    return [step.name for step in spec.preprocessing]


def classes_of(spec: Spec) -> list[str]:
    return [layer.class_name for layer in spec.layers]


def write_arrays(root: Path, features, targets) -> str:
    np.savez(root / "a.npz", x=features, y=targets)
    return "a.npz"


TWELVE = np.arange(12)


@pytest.mark.parametrize(
    ("targets", "activation", "units", "loss"),
    [
        (np.array(["a", "b", "c"])[TWELVE % 3], "softmax", 3, "CategoricalCrossentropy"),
        (np.eye(4)[TWELVE % 4], "softmax", 4, "CategoricalCrossentropy"),
        (TWELVE % 2 == 0, "sigmoid", 1, "BinaryCrossentropy"),
        (np.array([1, 2])[TWELVE % 2], "sigmoid", 1, "BinaryCrossentropy"),
        ((TWELVE[:, None] + np.arange(3)) % 3 > 0, "sigmoid", 3, "BinaryCrossentropy"),
        (TWELVE / 7, "linear", 1, "MeanSquaredError"),
        (np.stack([TWELVE, TWELVE * 2], axis=1), "linear", 2, "MeanSquaredError"),
    ],
)
def test_the_head_follows_from_the_targets(tmp_path: Path, targets, activation, units, loss) -> None:
    """Classes, two classes, several labels at once, numbers."""
    spec = spec_of(tmp_path, write_arrays(tmp_path, np.random.default_rng(1).normal(size=(12, 3)), targets))
    assert spec.layers[-1].arguments == {"units": units, "activation": activation}
    assert spec.compile.loss.class_name == loss


def test_many_different_whole_numbers_are_quantities(tmp_path: Path) -> None:
    """Few of them, which many rows share, are classes."""
    features = np.zeros((400, 2))
    assert spec_of(tmp_path, write_arrays(tmp_path, features, np.arange(400) % 150)).layers[-1].arguments["units"] == 1
    assert spec_of(tmp_path, write_arrays(tmp_path, features, np.arange(400) % 15)).layers[-1].arguments["units"] == 15


@pytest.mark.parametrize(
    ("features", "steps", "first_layer"),
    [
        (np.zeros((12, 5)), ["standardize"], "Dense"),
        (np.zeros((12, 28, 28), np.uint8), ["rescale", "reshape"], "Conv2D"),
        (np.full((12, 32, 32, 3), 200.0), ["rescale"], "Conv2D"),
        (np.zeros((12, 40, 2)), ["standardize"], "Conv1D"),
        (np.zeros((12, 3, 2)), ["standardize"], "Conv1D"),
        (np.zeros((12, 2, 2, 2, 2)), ["standardize"], "Flatten"),
    ],
)
def test_layers_and_steps_follow_from_the_shape(tmp_path: Path, features, steps, first_layer) -> None:
    """Rows of a table, images, series, and whatever else there is."""
    spec = spec_of(tmp_path, write_arrays(tmp_path, features, TWELVE % 3))
    assert steps_of(spec) == steps
    assert classes_of(spec)[0] == first_layer


def test_a_table_gets_the_steps_that_it_needs(tmp_path: Path) -> None:
    """Gaps are filled, text becomes categories, columns that teach nothing are left out, with the reason."""
    lines = ["id,size,island,comment,empty,kind"]
    lines += [f"{row},{row % 5 or ''},{'ab'[row % 2]},words {row},,{'xyz'[row % 3]}" for row in range(60)]
    (tmp_path / "Table 1.csv").write_text("\n".join(lines))
    text = write_spec("Table 1.csv", settings=settings(tmp_path))
    spec = load_spec(load_document(text))
    assert spec.model == "table-1"
    assert spec.data.features == ("size", "island")
    assert steps_of(spec) == ["fill", "one_hot", "standardize"]
    assert spec.preprocessing[1].arguments == {"columns": ["island"]}
    for reason in ("'id' is left out: it numbers the rows", "60 different texts", "nothing in it"):
        assert reason in text


def test_the_target_can_be_named(tmp_path: Path) -> None:
    """Then the spec names it as well."""
    (tmp_path / "t.csv").write_text("a,b,c\n" + "\n".join(f"{row % 2},{row % 7},{row % 3}" for row in range(60)))
    assert spec_of(tmp_path, "t.csv").layers[-1].arguments["units"] == 3
    spec = spec_of(tmp_path, "t.csv", "a")
    assert (spec.data.target, spec.layers[-1].arguments["units"]) == ("a", 1)


@pytest.mark.parametrize(("sides", "size"), [((20, 20), None), ((20, 30), (25, 25)), ((300, 300), (96, 96))])
def test_images_of_several_sizes_or_large_ones_are_resized(tmp_path: Path, sides, size) -> None:
    """To what most of them are like, within reason."""
    for name in ("a", "b"):
        (tmp_path / "images" / name).mkdir(parents=True)
        for index in range(4):
            side = sides[index % 2]
            Image.fromarray(np.zeros((side, side), np.uint8)).save(tmp_path / "images" / name / f"{index}.png")
    spec = spec_of(tmp_path, "images")
    resized = [tuple(step.arguments["size"]) for step in spec.preprocessing if step.name == "resize"]
    assert resized == ([size] if size else [])
    assert classes_of(spec)[0] == "Conv2D"


@pytest.mark.parametrize(
    ("targets", "message"),
    [
        (np.array([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1]), "at least 3 rows of each class"),
        (np.zeros(12, np.int64), "at least two classes"),
    ],
)
def test_data_that_teaches_nothing_is_refused(tmp_path: Path, targets, message) -> None:
    """Rather than a spec that does not train."""
    with pytest.raises(DataError, match=message):
        write_spec(write_arrays(tmp_path, np.zeros((12, 2)), targets), settings=settings(tmp_path))


def test_the_command_says_what_is_wrong(tmp_path: Path, monkeypatch, capsys) -> None:
    """One line on stderr, and its exit status."""
    monkeypatch.setenv("ONEHOT_DATA_ROOTS", str(tmp_path))
    assert main(["none.csv"]) == 1
    assert "which does not exist" in capsys.readouterr().err
    monkeypatch.setenv("ONEHOT_NONSENSE", "1")
    assert main(["sklearn://iris"]) == 2


def test_known_data_sets_have_a_name_of_their_own(tmp_path: Path) -> None:
    """And digits are images."""
    spec = spec_of(tmp_path, "sklearn://digits")
    assert spec.model == "digits"
    assert classes_of(spec)[0] == "Conv2D"
    assert spec_of(tmp_path, "sklearn://diabetes").compile.loss.class_name == "MeanSquaredError"

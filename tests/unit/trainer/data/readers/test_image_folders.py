from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from models.errors import DataError
from models.preprocessing.pipeline import StepSpec
from models.spec import DataSpec
from trainer.data import Dataset, load_dataset, rows

RESIZE = StepSpec("resize", {"size": [6, 5]})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two classes of three images, 4 wide and 3 high."""
    for number, name in enumerate(("dark", "light")):
        (tmp_path / "images" / name).mkdir(parents=True)
        for index in range(3):
            save(tmp_path / "images" / name / f"{index}.png", np.full((3, 4, 3), 200 * number + index))
    (tmp_path / "images" / "dark" / "notes.txt").write_text("not an image")
    (tmp_path / "images" / ".hidden").mkdir()
    return tmp_path


def save(path: Path, pixels) -> None:
    Image.fromarray(np.asarray(pixels, np.uint8)).save(path)


def load(root: Path, *steps: StepSpec, **data: object) -> Dataset:
    return load_dataset(DataSpec("images", **data), roots=(str(root),), steps=steps)  # type: ignore[arg-type]


def test_each_sub_folder_is_a_class(folder: Path) -> None:
    """Images in the order of their names, as bytes; other files are passed over."""
    dataset = load(folder)
    assert dataset.class_names == ("dark", "light")
    assert dataset.targets.tolist() == ["dark"] * 3 + ["light"] * 3
    assert dataset.features.shape == (6, 3, 4, 3)
    assert dataset.features.dtype == np.uint8
    assert dataset.features[:][:, 0, 0, 0].tolist() == [0, 1, 2, 200, 201, 202]


def test_grey_images_have_one_channel(folder: Path) -> None:
    """When all are grey; one in colour makes all of them so."""
    for path in folder.rglob("*.png"):
        Image.open(path).convert("L").save(path)
    assert load(folder).instance_shape == (3, 4, 1)
    save(folder / "images" / "dark" / "colour.jpeg", np.zeros((3, 4, 3)))
    assert load(folder).instance_shape == (3, 4, 3)


def test_several_sizes_need_a_resize_step(folder: Path) -> None:
    """The image that differs is named."""
    save(folder / "images" / "light" / "9.png", np.zeros((7, 7, 3)))
    with pytest.raises(
        DataError, match=r"images/light/9\.png: expected images 4 wide and 3 high, as the first is, or a"
    ):
        load(folder)
    assert load(folder, RESIZE).instance_shape == (6, 5, 3)


def test_the_digest_is_of_names_and_bytes(folder: Path) -> None:
    """The same folder has the same one; a renamed image is another data set."""
    first = load(folder).sha256
    assert load(folder).sha256 == first
    (folder / "images" / "dark" / "0.png").rename(folder / "images" / "dark" / "00.png")
    assert load(folder).sha256 != first


def test_many_images_lie_in_a_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the same pixels."""
    whole = load(folder).features[:]
    monkeypatch.setattr(rows, "MOST_BYTES", 10)
    dataset = load(folder)
    assert isinstance(dataset.features, rows.FileRows)
    assert np.array_equal(dataset.features[:], whole)


def test_what_cannot_be_used_is_named(folder: Path) -> None:
    """Broken images, empty classes, links out of the folder, columns."""
    (folder / "secret.png").write_bytes(b"")
    (folder / "images" / "dark" / "link.png").symlink_to(folder / "secret.png")
    with pytest.raises(DataError, match=r"dark/link\.png: expected a file inside of the folder"):
        load(folder)
    (folder / "images" / "dark" / "link.png").unlink()
    (folder / "images" / "dark" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    with pytest.raises(DataError, match=r"dark/broken\.png: expected a whole PNG, JPEG, WebP, BMP or GIF"):
        load(folder)
    (folder / "images" / "empty").mkdir()
    (folder / "images" / "dark" / "broken.png").unlink()
    with pytest.raises(DataError, match="images/empty: expected at least one image"):
        load(folder)
    with pytest.raises(DataError, match="neither features nor target"):
        load(folder, target="kind")


def test_one_class_is_none(tmp_path: Path) -> None:
    """There must be something to tell apart."""
    (tmp_path / "images" / "only").mkdir(parents=True)
    with pytest.raises(DataError, match="at least two; received 1 sub-folders"):
        load(tmp_path)

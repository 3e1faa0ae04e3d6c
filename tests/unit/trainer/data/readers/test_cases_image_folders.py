"""Folders of images as people bring them: from phones, with what systems leave in them, in every usual format."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from models.errors import DataError
from models.preprocessing.instances import AS_STORED, UPRIGHT, InstanceSpec
from models.preprocessing.pipeline import StepSpec
from models.spec import DataSpec
from models.store.manifest import Manifest
from service.decoding.images import decode_image
from trainer.data import Dataset, load_dataset

PIXELS = np.random.default_rng(3).integers(0, 255, (3, 4, 3), np.uint8)


@pytest.fixture
def pics(tmp_path: Path) -> Path:
    """Two classes of one image each, 4 wide and 3 high."""
    for name in ("dark", "light"):
        (tmp_path / "pics" / name).mkdir(parents=True)
        save(tmp_path / "pics" / name / "a.png", PIXELS)
    return tmp_path / "pics"


def save(path: Path, pixels, **options) -> None:
    Image.fromarray(np.ascontiguousarray(pixels)).save(path, **options)


def lying() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif


def load(pics: Path, *steps: StepSpec) -> Dataset:
    return load_dataset(DataSpec("pics"), roots=(str(pics.parent),), steps=steps)


def test_a_photo_with_exif_orientation_is_trained_on_upright(pics: Path) -> None:
    """Its form is that of the upright image, and its pixels are those that a request with the same file has."""
    save(pics / "light" / "b.png", np.rot90(PIXELS), exif=lying())
    dataset = load(pics)
    assert dataset.instance_shape == (3, 4, 3)
    np.testing.assert_array_equal(dataset.features[:][2], PIXELS)


@pytest.mark.parametrize("kind", ["jpg", "webp", "png"])
def test_training_and_requests_see_the_same_pixels(pics: Path, kind: str) -> None:
    """Also of photos that are resized: one code decodes both."""
    photo = np.kron(np.rot90(PIXELS), np.ones((9, 9, 1), np.uint8))
    save(pics / "dark" / f"0.{kind}", photo, exif=lying())
    dataset = load(pics, StepSpec("resize", {"size": [6, 5]}))
    content = (pics / "dark" / f"0.{kind}").read_bytes()
    served = decode_image(content, InstanceSpec((6, 5, 3)), where="body", resized=True)
    np.testing.assert_array_equal(dataset.features[:][0], served)


def test_the_manifest_says_how_images_are_turned(draft_of) -> None:
    """A manifest from before has no such key, and its version computes images as they are stored."""
    manifest, _ = draft_of(image_orientation=UPRIGHT)
    assert Manifest.from_json(manifest.to_json().replace(b'"version": 0', b'"version": 1')).image_orientation == UPRIGHT
    document = json.loads(manifest.to_json()) | {"version": 1}
    del document["image_orientation"]
    assert Manifest.from_json(json.dumps(document).encode()).image_orientation == AS_STORED


def test_hidden_files_are_passed_over_and_counted(pics: Path) -> None:
    """What macOS, Windows and archives leave behind, and files that are no images."""
    (pics / "dark" / "._a.png").write_bytes(b"\0\5\x16\7")
    (pics / "dark" / ".DS_Store").write_bytes(b"")
    (pics / "light" / "Thumbs.db").write_bytes(b"")
    (pics / "light" / "IMG_1.HEIC").write_bytes(b"")
    (pics / "light" / "README").write_bytes(b"")
    (pics / "light" / "more.png").mkdir()
    (pics / "__MACOSX" / "dark").mkdir(parents=True)
    (pics / "labels.csv").write_text("")
    dataset = load(pics)
    assert dataset.rows == 2
    assert dataset.passed_over == {
        ".csv": 1, ".db": 1, ".heic": 1, "files without an ending": 1, "folders": 1, "hidden files": 3,
    }  # fmt: skip


def test_a_folder_of_images_only_passes_over_nothing(pics: Path) -> None:
    """And its manifest has no word about it."""
    assert load(pics).passed_over == {}


@pytest.mark.parametrize("ending", ["webp", "bmp", "gif", "WEBP", "jfif", "jpeg"])
def test_every_usual_format_is_trained_on(pics: Path, ending: str) -> None:
    """By its ending, in any case; a picture may also have the ending of another format."""
    kind = {"jfif": "JPEG"}.get(ending, ending.upper())
    save(pics / "light" / f"b.{ending}", PIXELS, format=kind)
    save(pics / "light" / "c.png", PIXELS, format=kind)
    dataset = load(pics)
    assert (dataset.rows, dataset.passed_over) == (4, {})


def test_a_folder_whose_files_are_all_of_another_kind_is_refused(pics: Path) -> None:
    """With the endings that are read."""
    (pics / "light" / "a.png").rename(pics / "light" / "a.heic")
    with pytest.raises(DataError, match=r"pics/light: expected at least one image \(.*\.webp.*\); received none"):
        load(pics)

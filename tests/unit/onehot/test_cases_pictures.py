"""`onehot predict` with pictures: one, and folders as people have them."""

import base64
import json

import pytest


@pytest.fixture
def pics(tmp_path):
    """Four pictures in two sub-folders and beside them, and what systems leave there."""
    for name in ("cats/b.png", "cats/a.JPG", "dogs/deep/c.webp", "one.png"):
        (tmp_path / "pics" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "pics" / name).write_bytes(name.encode())
    for name in ("cats/._b.png", ".DS_Store", "Thumbs.db", "cats/notes.txt"):
        (tmp_path / "pics" / name).write_bytes(b"")
    (tmp_path / "pics" / "__MACOSX").mkdir()
    (tmp_path / "pics" / "__MACOSX" / "one.png").write_bytes(b"")
    return tmp_path / "pics"


@pytest.fixture
def model(stand_in):
    """Lets version 4 of `pets` answer with so many predictions a call."""

    def answer(*counts):
        header = {"X-Onehot-Model-Version": "4"}
        first, *more = [(200, {"predictions": [[0.2, 0.8]] * count}, header) for count in counts]
        stand_in.on("POST", "/v1/models/pets:predict", first)
        stand_in.on("POST", "/v1/models/pets/versions/4:predict", *more)
        metadata = {"metadata": {"task": "softmax", "class_names": ["cat", "dog"]}}
        stand_in.on("GET", "/v1/models/pets/versions/4/metadata", (200, metadata))

    return answer


def sent(stand_in):
    """The pictures of each request."""
    return [[base64.b64decode(one["b64"]).decode() for one in json.loads(body)["instances"]]
            for method, _, _, body in stand_in.received if method == "POST"]  # fmt: skip


@pytest.mark.usefixtures("pics")
def test_one_picture_is_predicted(against, stand_in, model):
    """Its name stands beside the class."""
    model(1)
    result = against("predict", "pets", "pics/one.png")
    assert result.exit_code == 0, result.stderr
    assert [line.split() for line in result.stdout.splitlines()] == [
        ["FILE", "CLASS", "P"],
        ["pics/one.png", "dog", "0.8000"],
    ]
    assert sent(stand_in) == [["one.png"]]


@pytest.mark.usefixtures("pics")
def test_a_folder_is_predicted_with_its_sub_folders(against, stand_in, model):
    """In the order of their names; what is passed over is counted on stderr."""
    model(4)
    result = against("predict", "pets", "pics")
    names = ["cats/a.JPG", "cats/b.png", "dogs/deep/c.webp", "one.png"]
    assert [line.split()[0] for line in result.stdout.splitlines()[1:]] == names
    assert sent(stand_in) == [names]
    assert "passed over in pics: 1 .db, 1 .txt, 3 hidden files" in result.stderr


@pytest.mark.usefixtures("pics")
def test_the_files_stand_in_the_document_too(against, model):
    """For programs."""
    model(1)
    document = json.loads(against("predict", "pets", "pics/one.png", "--json").stdout)
    assert (document["files"], document["predictions"]) == (["pics/one.png"], [[0.2, 0.8]])


def test_many_pictures_are_sent_in_pieces_to_one_version(against, stand_in, model, pics, monkeypatch):
    """The version that answered the first piece; a picture that is larger than a piece goes alone."""
    monkeypatch.setattr("onehot.input.pictures.MOST_BYTES", 12)
    model(1, 1, 1)
    (pics / "one.png").unlink()
    result = against("predict", "pets", "pics")
    assert [line.split()[0] for line in result.stdout.splitlines()[1:]] == [
        "cats/a.JPG", "cats/b.png", "dogs/deep/c.webp",
    ]  # fmt: skip
    assert sent(stand_in) == [["cats/a.JPG"], ["cats/b.png"], ["dogs/deep/c.webp"]]
    monkeypatch.setattr("onehot.input.pictures.MOST_PICTURES", 2)
    monkeypatch.setattr("onehot.input.pictures.MOST_BYTES", 10**6)
    stand_in.received.clear()
    model(2, 1)
    against("predict", "pets", "pics")
    assert [len(piece) for piece in sent(stand_in)] == [2, 1]


@pytest.mark.parametrize(
    ("place", "message"),
    [("gone.png", "gone.png: No such file"), ("empty", "empty: expected a folder with pictures (.png, ")],
)
def test_where_there_is_no_picture_it_is_said(against, tmp_path, place, message):
    """Wrong usage, with the endings that are pictures."""
    (tmp_path / "empty").mkdir()
    result = against("predict", "pets", place)
    assert result.exit_code == 2
    assert message in result.stderr

import shutil

import pytest

from models.errors import StoreUnavailable
from models.store import Store
from service.survey import survey


def test_published_versions_are_found_in_one_look(publish, store_folder) -> None:
    """Models, their versions ascending, and whether there are labels."""
    for _ in range(11):
        publish("classic")
    publish("digits", "digits", promote=False)
    surveyed = survey(Store.open(store_folder))
    assert list(surveyed) == ["classic", "digits"]
    assert list(surveyed["classic"].versions) == list(range(1, 12))
    assert surveyed["classic"].labels_tag
    assert surveyed["digits"].labels_tag == ""


def test_a_folder_without_a_manifest_is_no_version(publish, store_folder) -> None:
    """Half of a publish is not seen."""
    publish()
    publish()
    (store_folder / "classic" / "2" / "manifest.json").unlink()
    assert list(survey(Store.open(store_folder))["classic"].versions) == [1]


def test_other_names_are_passed_over(publish, store_folder) -> None:
    """Foreign files, folders that are no number, names that are no model."""
    publish()
    for path in ("classic/01", "classic/x", "classic/1/sub", "Bad Name/1", "lone"):
        (store_folder / path).mkdir(parents=True)
        (store_folder / path / "manifest.json").write_text("{}")
    surveyed = survey(Store.open(store_folder))
    assert {name: list(one.versions) for name, one in surveyed.items()} == {"classic": [1]}


def test_a_written_file_changes_its_versions_tag_only(publish, store_folder, flip_byte) -> None:
    """That is how a change after publishing is noticed."""
    publish()
    publish()
    before = survey(Store.open(store_folder))["classic"].versions
    flip_byte("classic", 2)
    after = survey(Store.open(store_folder))["classic"].versions
    assert before[1] == after[1]
    assert before[2] != after[2]


def test_a_folder_that_is_gone_is_no_empty_store(publish, store_folder) -> None:
    """A mount that went away must not unload everything."""
    publish()
    store = Store.open(store_folder)
    shutil.rmtree(store_folder)
    with pytest.raises(StoreUnavailable):
        survey(store)

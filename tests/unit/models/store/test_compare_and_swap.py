import obstore
import pytest
from obstore.store import LocalStore, MemoryStore

from models.errors import StoreUnavailable
from models.store.compare_and_swap import AtomicDocument, UnreadableDocument


@pytest.fixture(params=["bucket", "folder"])
def document(request, tmp_path):
    if request.param == "bucket":
        return AtomicDocument(MemoryStore(), None, "m/labels.json", holds="{label: version}")
    return AtomicDocument(LocalStore(tmp_path), tmp_path, "m/labels.json", holds="{label: version}")


def test_a_document_that_is_not_there_is_empty_and_is_made_by_a_change(document):
    """The first writer creates it."""
    assert document.read() == {}
    assert document.change(lambda before: {**before, "b": 2, "a": 1}) == {"a": 1, "b": 2}
    assert document.read() == {"a": 1, "b": 2}


def test_a_document_is_read_again_only_when_it_has_changed(document):
    """One request tells that it is as it was."""
    document.change(lambda _: {"a": 1})
    content, e_tag = document.read_if_changed(None)
    assert content == {"a": 1}
    assert document.read_if_changed(e_tag) is None
    document.write({"a": 22})
    assert document.read_if_changed(e_tag)[0] == {"a": 22}


def test_a_change_starts_anew_when_another_writer_was_faster():
    """By the entity tag in a bucket; the change of both is kept."""
    document = AtomicDocument(MemoryStore(), None, "d.json", holds="numbers")
    seen = []

    def added(before):
        seen.append(before)
        if len(seen) < 3:
            document.write({**before, f"other {len(seen)}": 1})
        return {**before, "mine": 1}

    assert document.change(added) == {"other 1": 1, "other 2": 1, "mine": 1}
    assert seen == [{}, {"other 1": 1}, {"other 1": 1, "other 2": 1}]


@pytest.mark.parametrize("content", [b"{", b"[]"])
def test_a_document_that_cannot_be_read_is_named(document, content):
    """With what it should hold."""
    obstore.put(document.objects, document.path, content)
    with pytest.raises(UnreadableDocument, match=r"m/labels.json: expected \{label: version\} as JSON; received"):
        document.read()


def test_a_folder_that_is_away_has_no_documents_that_are_not_there(tmp_path):
    """It is neither read as empty, nor made anew by a change: what was in it comes back with it."""
    folder = tmp_path / "store"
    folder.mkdir()
    document = AtomicDocument(LocalStore(folder), folder, "m/labels.json", holds="{label: version}")
    document.write({"a": 1})
    away = folder.rename(tmp_path / "away")
    for call in (document.read, lambda: document.change(lambda _: {"b": 2}), lambda: document.write({"b": 2})):
        with pytest.raises(StoreUnavailable, match="its folder is gone"):
            call()
    assert not folder.exists()
    away.rename(folder)
    assert document.read() == {"a": 1}

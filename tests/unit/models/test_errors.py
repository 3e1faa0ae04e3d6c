import pytest

from models.errors import did_you_mean


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("layer", " (did you mean layers?)"),
        ("FIT", " (did you mean fit?)"),
        ("batchsize", " (did you mean batch_size?)"),
        ("elephant", ""),
        ("", ""),
    ],
)
def test_the_nearest_known_name_is_a_question(name, hint) -> None:
    """Whatever its case and underscores; nothing where none is near."""
    assert did_you_mean(name, ["fit", "layers", "batch_size"]) == hint

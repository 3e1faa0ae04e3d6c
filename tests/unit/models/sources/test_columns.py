import pytest

from models.errors import DataError
from models.sources.columns import feature_columns, target_column
from models.spec import DataSpec

NAMES = ["a", "Label", "c"]


@pytest.mark.parametrize(
    ("target", "names", "expected"), [("c", NAMES, "c"), (None, NAMES, "Label"), (None, ["a", "b"], "b")]
)
def test_the_target_is_named_or_usual_or_last(target, names, expected) -> None:
    """In this order."""
    assert target_column(names, DataSpec("t", target=target)) == expected


@pytest.mark.parametrize(
    ("features", "expected"), [(None, ["a", "c"]), ("c", ["c"]), (("c", "a"), ["c", "a"])]
)  # fmt: skip
def test_the_features_are_named_or_all_others(features, expected) -> None:
    """In the order of the spec, else of the table."""
    assert feature_columns(NAMES, DataSpec("t", features), target="Label") == expected


@pytest.mark.parametrize(
    ("features", "names", "message"),
    [
        ("b", NAMES, "t: data.features: expected one of the columns a, Label, c; received 'b'"),
        (("a", "Label"), NAMES, "t: data.features: expected columns without the target; received 'Label'"),
        (None, ["Label"], "t: expected a column beside the target; received only 'Label'"),
    ],
)
def test_columns_that_are_not_there_are_named(features, names, message) -> None:
    """With those that are."""
    with pytest.raises(DataError) as caught:
        feature_columns(names, DataSpec("t", features), target="Label")
    assert str(caught.value) == message


def test_a_table_without_columns_has_no_target() -> None:
    """A list of empty objects, or an empty file."""
    with pytest.raises(DataError, match="expected rows of named values; received none"):
        target_column([], DataSpec("t"))

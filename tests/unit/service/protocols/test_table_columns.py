import pytest

from models.preprocessing.instances import Feature, InstanceSpec
from service.protocols.table_columns import names_columns, rows_of_columns

WITH_X = InstanceSpec((2,), (Feature("x"), Feature("y")))


@pytest.mark.parametrize(
    ("names", "spec", "expected"),
    [
        (["x", "y"], WITH_X, True),
        (["x"], WITH_X, False),
        (["x"], InstanceSpec((1,), (Feature("x"),)), True),
        (["y"], WITH_X, True),
        (["x", "other"], InstanceSpec((1,), (Feature("a"),)), False),
        (["x"], InstanceSpec((8,)), False),
        (["other"], WITH_X, False),
    ],
)
def test_the_name_of_the_input_means_all_columns_where_a_feature_has_it_too(names, spec, expected) -> None:
    """Unless the features are all there."""
    assert names_columns(names, spec, input_name="x") is expected


def test_rows_are_in_the_order_of_the_features() -> None:
    """Whatever the order of the columns."""
    assert rows_of_columns({"y": [3, 4], "x": [[1], [2]]}, WITH_X, where="inputs") == [[1, 3], [2, 4]]

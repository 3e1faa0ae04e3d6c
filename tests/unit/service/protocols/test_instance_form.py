import pytest

from models.preprocessing.instances import Feature, InstanceSpec
from service.protocols.instance_form import instance_form

STANDARDIZE = {"standardize": {"mean": [1.5, 2.5], "deviation": [1.0, 1.0]}}
ONE_HOT = {"one_hot": {"columns": ["b"], "positions": [1], "categories": [["no", "yes"]]}}


def form_of(draft_of, shape, *, preprocessing=(), model_shape=None, features=None):
    spec = InstanceSpec(shape, features, model_shape)
    return instance_form(draft_of(instance=spec, preprocessing=[{"astype": "float32"}, *preprocessing])[0])


@pytest.mark.parametrize(
    ("shape", "model_shape", "image"),
    [
        ((28, 28), (784,), (28, 28, 1)),
        ((64,), (8, 8, 1), (8, 8, 1)),
        ((32, 32, 3), (32, 32, 3), (32, 32, 3)),
        ((8,), (8,), None),
        ((10, 2), (10, 2), None),
        ((16, 16, 4), None, None),
    ],
)
def test_a_picture_is_told_by_its_shape(draft_of, shape, model_shape, image) -> None:
    """The raw one, or the one that the network takes."""
    found = form_of(draft_of, shape, model_shape=model_shape)["image"]
    assert (None if found is None else (found["height"], found["width"], found["channels"])) == image


@pytest.mark.parametrize(
    ("steps", "full"),
    [
        ((), 255),
        (({"rescale": {"scale": 0.0625, "offset": 0.0}},), 16),
        (({"rescale": {"scale": 1 / 255, "offset": 0.0}},), 255),
    ],
)
def test_full_ink_is_what_the_first_rescale_brings_to_one(draft_of, steps, full) -> None:
    """255 where nothing says it."""
    assert form_of(draft_of, (8, 8), preprocessing=steps)["image"]["full"] == full


def test_a_field_knows_what_is_typical_where_that_was_fitted(draft_of) -> None:
    """The mean of a column of numbers."""
    features = (Feature("a"), Feature("b", optional=True))
    fields = form_of(draft_of, (2,), features=features, preprocessing=[STANDARDIZE])["features"]
    assert fields == [
        {"name": "a", "kind": "number", "optional": False, "categories": None, "typical": 1.5},
        {"name": "b", "kind": "number", "optional": True, "categories": None, "typical": 2.5},
    ]


def test_a_field_of_categories_offers_those_that_training_saw(draft_of) -> None:
    """What it was widened to has no mean of its own; a mean after another step is no raw value."""
    features = (Feature("a"), Feature("b", "category"))
    wide = {"standardize": {"mean": [1.5, 0.2, 0.8], "deviation": [1.0] * 3}}
    fields = form_of(draft_of, (2,), features=features, preprocessing=[ONE_HOT, wide])["features"]
    assert [field["categories"] for field in fields] == [None, ["no", "yes"]]
    assert [field["typical"] for field in fields] == [1.5, None]
    rescaled = [{"rescale": {"scale": 2.0, "offset": 0.0}}, STANDARDIZE]
    fields = form_of(draft_of, (2,), features=(Feature("a"), Feature("b")), preprocessing=rescaled)["features"]
    assert [field["typical"] for field in fields] == [None, None]

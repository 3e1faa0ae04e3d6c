from types import SimpleNamespace

import numpy as np

from models.preprocessing.pipeline import fit_steps
from models.sources.class_labels import Labels
from trainer.data import Dataset
from trainer.data.head import Head
from trainer.data.part import Part
from trainer.data.preparation import Piece
from trainer.evaluation.pictures import occlusion
from trainer.evaluation.pictures.occlusion import occlusion_maps, row_work
from trainer.evaluation.scores import Mistake

ROWS, SIDE = 12, 16
HEAD = Head("softmax", 2)
LABELS = Labels(np.arange(ROWS) % 2, ("dark", "light"))
PIXELS = np.where(LABELS.values[:, None, None, None] == 1, 1.0, 0.0) * np.ones((ROWS, SIDE, SIDE, 1))
PIXELS[:, 4:, :] = 0.25
LAYERS = [{"parameters": 10, "output_shape": [SIDE, SIDE, 4]}, {"parameters": 5, "output_shape": [2]}]


def piece() -> Piece:
    raw = Dataset("pictures.npz", PIXELS, LABELS.values, "", features_name="x")
    return Piece(raw, LABELS, Part(fit_steps((), PIXELS).apply(PIXELS), HEAD.targets(LABELS)))


def predict(images: np.ndarray) -> np.ndarray:
    """A network that looks at the top left corner alone."""
    light = images[:, :2, :2, 0].mean(axis=(1, 2))
    return np.stack([1 - light, light], axis=1).astype(np.float32)


def maps(layers=LAYERS):
    test = piece()
    prepared = SimpleNamespace(head=HEAD, test=test, train=test)
    mistakes = (Mistake(2, "dark", "light", 0.9),)
    evaluation = SimpleNamespace(predictions=predict(test.part.inputs), mistakes=mistakes)
    return occlusion_maps(prepared, evaluation, predict=predict, layers=layers)


def test_a_map_shows_where_the_network_looks() -> None:
    """Only the place that it goes by changes what it says; a mistake, and one image of each class, are shown."""
    found = maps()
    assert (found["patch"], found["grid"], found["left_out"]) == ([2, 2], [8, 8], None)
    assert [(one["row"], one["true"], one["predicted"]) for one in found["pictures"]] == [
        (2, "dark", "dark"), (0, "dark", "dark"), (1, "light", "light")
    ]  # fmt: skip
    for one in found["pictures"]:
        drops = np.array(one["drops"])
        assert np.flatnonzero(np.abs(drops) > 1e-3).tolist() == [0]
        assert drops[0, 0] > 0
        assert one["image"]


def test_the_cost_has_a_bound_and_what_is_left_out_is_said() -> None:
    """A layer costs its weights at every place."""
    assert row_work(LAYERS) == 10 * SIDE * SIDE + 5
    one_image = [{"parameters": occlusion.MOST_WORK // 64, "output_shape": [2]}]
    assert len(maps(one_image)["pictures"]) == 1
    large = maps([{"parameters": occlusion.MOST_WORK, "output_shape": [2]}])
    assert large["pictures"] == []
    assert large["left_out"].startswith("3 of 3 images")


def test_tables_and_series_have_none() -> None:
    """Nothing of them is a picture."""
    table = Piece(Dataset("a.npz", PIXELS[:, :, 0, 0], LABELS.values, ""), LABELS,
                  Part(PIXELS[:, :, 0, 0], HEAD.targets(LABELS)))  # fmt: skip
    prepared = SimpleNamespace(head=HEAD, test=table, train=table)
    assert occlusion_maps(prepared, SimpleNamespace(), predict=predict, layers=LAYERS) is None

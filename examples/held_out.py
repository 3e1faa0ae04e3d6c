"""Print the instances that a training of each SPEC holds out, with their true classes, as one JSON list.

    python examples/held_out.py SPEC …

The rows come from the trainer's own reader and split with the spec's seed: they are the very rows that a job of this
spec keeps from fit, which is why the demo may ask the served model about them.
"""

import json
import sys
from pathlib import Path
from typing import Any

from models.settings import read_settings
from models.sources.class_labels import read_classes
from models.spec import load_spec
from models.spec.yaml_text import load_document
from trainer.data import load_dataset
from trainer.data.splits import split_rows


def held_out(path: Path) -> dict[str, Any]:
    """The test rows of one spec.

    Returns:
        `instances`, `(rows, *instance shape)`, and `classes`, the name of each row's true class.
    """
    spec = load_spec(load_document(path.read_bytes(), name=str(path)))
    dataset = load_dataset(spec.data, roots=read_settings({}).data_roots, steps=spec.preprocessing)
    labels = read_classes(dataset.targets, spec.data.class_names or dataset.class_names, where="target")
    if isinstance(spec.data.validation, str) or isinstance(spec.data.test, str):
        raise SystemExit(f"{path}: expected fractions for validation and test")
    rows = split_rows(labels, validation=spec.data.validation, test=spec.data.test, seed=spec.seed).test
    names = [labels.class_names[value] for value in labels.take(rows).values]
    return {"instances": dataset.take(rows).features.tolist(), "classes": names}


if __name__ == "__main__":
    json.dump([held_out(Path(path)) for path in sys.argv[1:]], sys.stdout)

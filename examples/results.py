"""`make examples`: trains every example in a store of its own, and prints what each reaches as a table."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
SPECS = ("penguins", "digits", "vowels", "leaves", "caravan", "classic")
HEADINGS = ("example", "what it shows", "rows", "measured on `test`", "network", "linear model", "always the same")
TRANSFER = (
    "`transfer.py`",
    "A network of one's own: features learned on the digits 0 to 4, then a new head for 5 to 9.",
)


def main() -> int:
    """Print the table; 1 when an example does not train."""
    with tempfile.TemporaryDirectory(prefix="onehot-examples-") as folder:
        environment = {**os.environ, "ONEHOT_STORE": f"{folder}/store", "TF_CPP_MIN_LOG_LEVEL": "3"}
        environment.pop("ONEHOT_URL", None)
        rows = [of_spec(name, environment) for name in SPECS]
        rows.append(of_transfer(Path(folder), environment))
    for line in (HEADINGS, ["---"] * len(HEADINGS), *rows):
        print(f"| {' | '.join(line)} |")
    return 0


def of_spec(name: str, environment: Mapping[str, str]) -> Sequence[str]:
    """Train a spec; its row of the table."""
    onehot(["train", f"examples/{name}.yaml", "--local", "--json"], environment)
    first = (ROOT / "examples" / f"{name}.yaml").read_text("utf-8").splitlines()[0]
    return row_of(f"`{name}.yaml`", first.removeprefix("# "), onehot(["report", name, "--json"], environment))


def of_transfer(folder: Path, environment: Mapping[str, str]) -> Sequence[str]:
    """Train a network in Keras, import and measure it; its row of the table."""
    run([sys.executable, "examples/transfer.py", str(folder)], environment)
    onehot(["import", str(folder / "transfer.keras"), "--model", "transfer", "--class-names", "5,6,7,8,9",
            "--data", str(folder / "transfer.npz"), "--json"],
           {**environment, "ONEHOT_DATA_ROOTS": str(folder)})  # fmt: skip
    return row_of(*TRANSFER, onehot(["report", "transfer", "--json"], environment))


def row_of(name: str, text: str, report: Mapping[str, Any]) -> Sequence[str]:
    """The cells of one example, from its report."""
    part, baseline = report["parts"]["test"], report["baseline"] or {}
    metric = baseline.get("metric", "accuracy")
    others = ((baseline.get("linear") or {}).get("value"), baseline.get("majority"))
    shown = [
        "–" if value is None else f"{value:.3f}"
        for value in (baseline.get("model", part["metrics"].get(metric)), *others)
    ]
    return [name, text, str(part["rows"]), metric.replace("_", " "), *shown]


def onehot(arguments: Sequence[str], environment: Mapping[str, str]) -> Any:
    """Run a command of Onehot; the JSON that it prints."""
    return json.loads(run([sys.executable, "-m", "onehot", *arguments], environment))


def run(command: Sequence[str], environment: Mapping[str, str]) -> str:
    """Run a command in the repository; what it prints, its progress left out."""
    done = subprocess.run(command, cwd=ROOT, env=dict(environment), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())

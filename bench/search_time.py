"""What a search costs beside its trials, and what halving spares: the digits network, 24 trials, two workers.

    python bench/search_time.py [--seeds 1 2 3] [--trials 24] [--epochs 27]

`trials' own` are the seconds that the jobs of trials say of themselves: data, build, fit, evaluate. Two workers need at
least half of them. The warm-up is a search of one trial of one epoch: command, start, its training, winner, publishing.
The exit status says whether the bars hold, over the medians of the seeds.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from search import document, site

MOST_TIME, MOST_EPOCHS, WITHIN = 1.10, 0.35, 0.5
WORKERS = 2


@dataclass(frozen=True)
class Spent:
    """One search: its seconds, those of its trials' jobs, the epochs trained, the winner's value and its test accuracy.

    `value` and `accuracy` are in points.
    """

    seconds: float
    own_s: float
    epochs: int
    value: float
    accuracy: float


def spend(environment: dict[str, str], seed: int, trials: int, epochs: int, prune: str, folder: Path) -> Spent:
    """One search, from the command to the published winner."""
    written = document(seed, trials, epochs, prune)
    written["model"] += f"-{trials}"
    spec = folder / "spec.json"
    spec.write_text(json.dumps(written), encoding="utf-8")
    started_s = time.monotonic()
    command = [sys.executable, "-m", "onehot", "search", str(spec), "--json"]
    told = subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout
    seconds = time.monotonic() - started_s
    found = json.loads(told)
    own_s = sum(sum(run["timings_s"].values()) for run in trial_runs(folder / "store" / written["model"], found))
    return Spent(seconds, own_s, sum(trial["epochs"] or 0 for trial in found["trials"]),
                 100 * found["winner"]["value"], 100 * found["result"]["metrics"]["accuracy"])  # fmt: skip


def trial_runs(folder: Path, search: dict[str, Any]) -> list[dict[str, Any]]:
    """The records of the jobs of all trials; each is written soon after its end."""
    jobs = [job["id"] for trial in search["trials"] for job in trial["jobs"]]
    paths = [folder / "runs" / f"{job}.json" for job in jobs]
    until_s = time.monotonic() + 30
    while not all(path.exists() for path in paths):
        if time.monotonic() > until_s:
            raise SystemExit(f"expected a record of every job; missing {[str(p) for p in paths if not p.exists()]}")
        time.sleep(0.1)
    return [json.loads(path.read_text("utf-8")) for path in paths]


def row(name: str, seed: object, spent: Spent) -> None:
    """Print a line of the table."""
    half_s = spent.own_s / WORKERS
    print(f"{name:10} {seed!s:>6} {spent.seconds:9.1f} {half_s:16.1f} {spent.seconds / half_s:7.2f} "
          f"{spent.epochs:8} {spent.value:12.2f} {spent.accuracy:9.2f}", flush=True)  # fmt: skip


def verdicts(full: Sequence[Spent], halved: Sequence[Spent], warm_s: float) -> list[bool]:
    """Print what was asked for and what came, and whether it holds."""
    ratios = [(one.seconds - warm_s) / (one.own_s / WORKERS) for one in (*full, *halved)]
    shares = [one.epochs / all_.epochs for one, all_ in zip(halved, full, strict=True)]
    behind = [all_.value - one.value for one, all_ in zip(halved, full, strict=True)]
    found = [
        ("(seconds - warm-up) ÷ (trials' own ÷ 2)", statistics.median(ratios), MOST_TIME),
        ("epochs of asha ÷ those of the full search", statistics.median(shares), MOST_EPOCHS),
        ("points of validation accuracy behind its best", statistics.median(behind), WITHIN),
    ]
    for what, value, bound in found:
        print(f"{what:48} {value:6.2f}   at most {bound:.2f}: {'holds' if value <= bound else 'FAILS'}")
    return [value <= bound for _, value, bound in found]


def main() -> int:
    """Print the table; the exit status says whether the bars hold."""
    parser = argparse.ArgumentParser(description="What a search costs beside its trials.")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--trials", type=int, default=24)
    parser.add_argument("--epochs", type=int, default=27)
    options = parser.parse_args()
    print(f"{'search':10} {'seed':>6} {'seconds':>9} {'trials own ÷ 2':>16} {'ratio':>7} {'epochs':>8} "
          f"{'validation':>12} {'test':>9}")  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="onehot-search-") as place, site(Path(place)) as environment:
        warm = [spend(environment, seed, 1, 1, "none", Path(place)) for seed in (98, 99)][-1]
        row("(warm-up)", "", warm)
        spent: dict[str, list[Spent]] = {"none": [], "asha": []}
        for seed in options.seeds:
            for prune, searches in spent.items():
                searches.append(spend(environment, seed, options.trials, options.epochs, prune, Path(place)))
                row(prune, seed, searches[-1])
    return 0 if all(verdicts(spent["none"], spent["asha"], warm.seconds)) else 1


if __name__ == "__main__":
    sys.exit(main())

"""`python -m onehot_client.keras FILE`: write the spec of a compiled Sequential in a file as JSON to stdout.

Exit status: 0 written, 1 there is no Keras, 2 the file has parts without a word, or is none; stderr says it.
"""

import argparse
import json
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from onehot_client.keras.runtime import fitting_name
from onehot_client.keras.saved_model import load_model_file
from onehot_client.keras.spec_writer import spec_of

__all__ = ["main"]

WRONG = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Write one spec; the exit status."""
    options = _parser().parse_args(arguments)
    try:
        document = _document(options)
    except (ValueError, ImportError) as error:
        print(error, file=sys.stderr)
        return 1 if isinstance(error, ImportError) else WRONG
    json.dump(document, sys.stdout)
    return 0


def _document(options: argparse.Namespace) -> dict[str, Any]:
    path = Path(options.file)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = load_model_file(path)
        return spec_of(
            model, data=options.data, epochs=options.epochs, batch_size=options.batch_size, seed=options.seed,
            model_name=options.model or fitting_name(path.stem),
        )  # fmt: skip


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m onehot_client.keras", description="Write the spec of a compiled Sequential."
    )
    parser.add_argument("file", metavar="FILE", help="a .keras or .h5 file")
    parser.add_argument("--data", default="data.npz", help="data.source; default: data.npz")
    parser.add_argument("--model", help="the model's name; default: made of FILE")
    parser.add_argument("--epochs", type=int, default=1, help="as for fit")
    parser.add_argument("--batch-size", type=int, default=32, help="as for fit")
    parser.add_argument("--seed", type=int, default=0, help="of the training")
    return parser


if __name__ == "__main__":
    sys.exit(main())

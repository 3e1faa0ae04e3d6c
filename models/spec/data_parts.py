"""The value objects of a spec that say what it is trained on: the data, how its text is read, its target."""

from dataclasses import dataclass
from typing import Annotated

from models.keras_catalog import argument_kinds as kinds
from models.spec.fields import Meaning, checked, part
from models.spec.value_kinds import FRACTION, cell_separator, class_name_list, text_encoding

__all__ = ["CsvSpec", "DataSpec", "TargetSpec"]

NAMES = kinds.either(kinds.text, kinds.listing(kinds.text))
SHARE_OR_SOURCE = kinds.either(FRACTION, kinds.text)
SHARE_NONE_OR_SOURCE = kinds.either(kinds.number(0, 1, below=True), kinds.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvSpec:
    """How a file of text separates and writes its cells; what is not said is told from the file."""

    separator: Annotated[
        str | None,
        checked(cell_separator),
        Meaning("The character between two cells; told from the file where it is left out", ";"),
    ] = None
    decimal: Annotated[
        str | None,
        checked(kinds.choice(".", ",")),
        Meaning("The sign before the fraction of a number; told from the file where that is certain", ","),
    ] = None
    encoding: Annotated[
        str | None,
        checked(text_encoding),
        Meaning("How text becomes bytes; UTF-8 and UTF-16 are told from the file", "windows-1252"),
    ] = None
    header: Annotated[
        bool | None,
        checked(kinds.boolean),
        Meaning("Whether the first line names the columns; told from the file where it is left out", example=False),
    ] = None


@dataclass(frozen=True, slots=True)
class DataSpec:
    """Where the data comes from and how it is split."""

    source: Annotated[
        str,
        checked(kinds.text),
        Meaning(
            "Where the rows are: a `.npz`, `.npy`, `.csv`, `.tsv`, `.parquet`, `.json` or `.jsonl` file, "
            "a folder of images with one sub-folder a class, `dataset://NAME` (uploaded), "
            "`sklearn://digits`, `keras://mnist`, or an object store's URL",
            "data/penguins.csv",
        ),
    ]
    features: Annotated[
        str | tuple[str, ...] | None,
        checked(NAMES),
        Meaning(
            "The array, or the columns, that the network sees; every column but the target where it is left out",
            ["bill", "flipper"],
        ),
    ] = None
    target: Annotated[
        str | None,
        checked(kinds.text),
        Meaning(
            "The array or column to predict: integers, strings, one-hot rows, or numbers for a "
            "regression. `{name: price, standardize: true}` says `target.standardize` along with it",
            "species",
        ),
    ] = None
    validation: Annotated[
        float | str,
        checked(SHARE_NONE_OR_SOURCE),
        Meaning("Rows that each epoch is measured on: a share of all rows, 0 for none, or another source", 0.15),
    ] = 0.15
    test: Annotated[
        float | str,
        checked(SHARE_OR_SOURCE),
        Meaning(
            "Rows that are held out for the evaluation, never seen by `fit`: a share of all rows, or another source",
            0.2,
        ),
    ] = 0.15
    groups: Annotated[
        str | None,
        checked(kinds.text),
        Meaning(
            "A column, or an array, whose rows of one value belong together, as those of one patient: they stay in "
            "the same part of every split and in the same fold; it is no feature unless `features` lists it",
            "patient",
        ),
    ] = None
    class_names: Annotated[
        tuple[str, ...] | None,
        checked(class_name_list),
        Meaning(
            "The classes in the order of the outputs; told from the data where they are left out",
            ["low", "middle", "high"],
        ),
    ] = None
    csv: Annotated[
        CsvSpec | None,
        part(CsvSpec),
        Meaning("How a file of text separates and writes its cells", {"separator": ";", "decimal": ","}),
    ] = None
    drop_missing_target: Annotated[
        bool | None,
        checked(kinds.boolean),
        Meaning("Whether rows without a target are left out; else such a row is an error", example=True),
    ] = None

    @property
    def is_validated(self) -> bool:
        """Whether there are validation rows: not with a share of 0."""
        return self.validation != 0

    @property
    def dialect(self) -> CsvSpec:
        """What is said about files of text."""
        return self.csv or CsvSpec()


@dataclass(frozen=True, slots=True)
class TargetSpec:
    """What is done to the numbers that a regression predicts."""

    standardize: Annotated[
        bool,
        checked(kinds.boolean),
        Meaning(
            "Whether the loss is one of targets with mean 0 and deviation 1; answers and metrics stay in "
            "the target's own units",
            example=True,
        ),
    ] = False

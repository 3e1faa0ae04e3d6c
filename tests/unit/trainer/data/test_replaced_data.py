"""Data that is not at the start of a job what it was at its submission."""

import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from models.errors import DataError
from models.sources import data_state
from models.sources.data_state import look_at_data
from models.spec import Spec, load_spec
from trainer.data.replaced_data import find_replaced_data

TABLE = "a,b,label\n1,2,x\n3,4,y\n"
OTHER_FORMS = [{"data.source": one} for one in ("sha-256 1", {"content": "sha-256 1"}, {"content": 1, "layout": None})]


@pytest.fixture
def spec() -> Spec:
    return load_spec({
        "model": "m",
        "data": {"source": "data.csv"},
        "layers": [{"Dense": {"units": 2, "activation": "softmax"}}],
        "compile": {"loss": "categorical_crossentropy"},
    })  # fmt: skip


@pytest.fixture
def submitted(tmp_path: Path, spec: Spec) -> dict[str, Any]:
    """What the service saw."""
    (tmp_path / "data.csv").write_text(TABLE)
    return {key: asdict(state) for key, state in look_at_data(spec, roots=(str(tmp_path),)).items()}


def compare(submitted: Any, spec: Spec, tmp_path: Path) -> tuple[str, ...]:
    return find_replaced_data(submitted, spec, roots=(str(tmp_path),))


def test_the_same_data_needs_no_word(tmp_path: Path, spec: Spec, submitted: dict[str, Any]) -> None:
    """Also when it was written again."""
    (tmp_path / "data.csv").write_text(TABLE)
    assert compare(submitted, spec, tmp_path) == ()


def test_another_content_with_the_same_columns_is_said(tmp_path: Path, spec: Spec, submitted: dict[str, Any]) -> None:
    """More rows may be just what was meant."""
    (tmp_path / "data.csv").write_text(f"{TABLE}5,6,x\n")
    (told,) = compare(submitted, spec, tmp_path)
    assert told.startswith(
        "data.source: data.csv was replaced after the job was submitted: trained on the new content (sha-256 "
    )


@pytest.mark.parametrize("header", ["a,c,label", "b,a,label", "a,b,c,label", "a,label"])
def test_other_columns_are_refused(tmp_path: Path, spec: Spec, submitted: dict[str, Any], header: str) -> None:
    """Also in another order: callers may send rows without names."""
    cells = ",".join("12345"[: header.count(",")])
    (tmp_path / "data.csv").write_text(f"{header}\n{cells},x\n{cells},y\n")
    with pytest.raises(DataError) as refused:
        compare(submitted, spec, tmp_path)
    features = ", ".join(header.split(",")[:-1])
    assert str(refused.value) == (
        "data.source: expected data.csv as it was when the job was submitted, with columns a, b, target label; "
        f"received columns {features}, target label; submit the spec again"
    )


@pytest.mark.parametrize("seen", [None, {}, [], "x", {"data.other": {"content": "", "layout": ""}}, *OTHER_FORMS])
def test_a_job_without_a_word_of_its_data_is_trained(tmp_path: Path, spec: Spec, seen: Any, submitted) -> None:
    """Those of other releases, and where the service does not have the data."""
    del submitted
    assert compare(seen, spec, tmp_path) == ()


def test_of_a_large_file_size_and_time_are_said(tmp_path: Path, spec: Spec, submitted, monkeypatch) -> None:
    """Whole: only a digest is known by its beginning."""
    monkeypatch.setattr(data_state, "MOST_DIGESTED_BYTES", 10)
    os.utime(tmp_path / "data.csv", (1, 1))
    (told,) = compare(submitted, spec, tmp_path)
    assert told.endswith(f"trained on the new content ({len(TABLE)} bytes, modified at 1.000000)")

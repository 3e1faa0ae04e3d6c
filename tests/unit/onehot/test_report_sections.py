from xml.etree import ElementTree as ET

import pytest

from onehot.report_details import cross_validation_section, occlusion_section

SCORES = [{"repeat": repeat, "fold": fold, "rows": 40, "epochs": 5, "metrics": {"accuracy": 0.9 + fold / 100}}
          for repeat in (1, 2) for fold in (1, 2)]  # fmt: skip
FOLDS = {
    "folds": 2, "repeats": 2, "groups": "patient", "rows": 80, "measured_on": "folds",
    "method": "corrected resampled t",
    "level": 0.95, "scores": SCORES,
    "metrics": {"accuracy": {"mean": 0.915, "deviation": 0.01, "lower": 0.87, "upper": 0.96}},
}  # fmt: skip
PICTURE = {"row": 3, "row_name": "row 4", "true": "1", "predicted": "7", "probability": 0.8, "image": "iVBORw0KGgo=",
           "drops": [[0.5, -0.1], [0.0, 0.2]]}  # fmt: skip


def pictures(section: str) -> list[ET.Element]:
    return [ET.fromstring(f"<svg{one.split('</svg>')[0]}</svg>") for one in section.split("<svg")[1:]]  # noqa: S314 -- ours


def test_folds_are_a_table_and_a_picture_of_every_score() -> None:
    """With the method of the interval in words, and a text for those who do not see it."""
    section = cross_validation_section(FOLDS)
    assert "2 folds, 2 times with another seed; rows of one patient stay together" in section
    assert "corrected resampled t" in section
    assert "0.8700 – 0.9600" in section
    (picture,) = pictures(section)
    assert len(picture.findall("circle")) == 4
    assert "accuracy" in picture.attrib["aria-label"]


def test_an_occlusion_map_has_a_place_for_each_patch() -> None:
    """What lowers the probability is red, what raises it is blue, and the largest change is said."""
    (picture,) = pictures(occlusion_section({"pictures": [PICTURE], "left_out": None}))
    colours = ["wrong" if "--wrong" in one.attrib["style"] else "other" for one in picture.findall("rect")]
    assert colours == ["wrong", "other", "other", "wrong"]
    assert picture.attrib["aria-label"].endswith("changes that by at most -0.5000")


@pytest.mark.parametrize("section", [cross_validation_section, occlusion_section])
def test_older_reports_have_neither(section) -> None:
    """Nor a heading."""
    assert section(None) == ""


def test_what_is_left_out_is_said() -> None:
    """Of images that would take long."""
    assert "Left out: 3 of 3 images" in occlusion_section({"pictures": [], "left_out": "3 of 3 images: too large"})

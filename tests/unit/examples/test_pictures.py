import pytest

from examples.pictures import picture, shades_for, side_by_side


def test_a_pixel_is_two_characters_of_its_shade():
    """Nothing is blank, the brightest value is the darkest shade, what is beyond is cut."""
    assert picture([0, 4, 8, 12, 16, 99], width=3, brightest=16) == ["  ░░▒▒", "▓▓████"]


def test_blocks_stand_beside_each_other_without_blanks_at_the_end():
    """The gap stays the same whatever is in a line."""
    assert side_by_side([["ab", "c"], ["d", ""]], width=3, gap=1) == ["ab  d", "c"]


@pytest.mark.parametrize(("encoding", "darkest"), [("utf-8", "█"), ("ascii", "#"), ("latin-1", "#"), (None, "#")])
def test_shades_are_characters_that_the_output_can_show(encoding, darkest):
    """A terminal without Unicode gets plain ones."""
    assert shades_for(encoding)[-1] == darkest

from __future__ import annotations

import pytest
from PySide6.QtCore import QRectF

from atu_gui.ui.widgets.bands import PlacedBand, band_words, now_left

FRAME = QRectF(0, 0, 200, 50)


def _placed(*bands: PlacedBand) -> list[tuple[str, float]]:
    """The words where a step is ten pixels wide and a letter fourteen."""
    areas = [QRectF(10 * band.left, 0, 10 * (band.right - band.left), 50) for band in bands]
    return band_words(bands, areas, lambda words: 14.0 * len(words))


def test_a_number_stands_on_the_middle_of_a_band_that_is_narrower() -> None:
    assert _placed(
        PlacedBand("align", 1, 0, 10, False), PlacedBand("unlearn", 1, 10, 11, False),
        PlacedBand("align", 2, 11, 20, False), PlacedBand("unlearn", 2, 20, 23, False),
    ) == [("align", 5.0), ("1", 98.0), ("2", 205.0)]  # fmt: skip


def test_a_number_is_left_out_where_it_comes_too_near_to_the_words_before() -> None:
    rounds = [PlacedBand("unlearn", number, number, number + 0.5, False) for number in range(1, 6)]
    assert [words for words, _ in _placed(*rounds)] == ["1", "3", "5"]


def test_what_is_out_of_sight_has_no_words() -> None:
    assert _placed(PlacedBand("align", 1, 0, 3, False), PlacedBand("unlearn", 1, 3, 3, False)) == []


@pytest.mark.parametrize(
    ("taken", "left"),
    [
        ([], 104.0),
        ([QRectF(120, 0, 7, 16)], 76.0),
        ([QRectF(120, 0, 7, 16), QRectF(90, 0, 7, 16)], None),
        ([QRectF(140, 0, 7, 16)], 104.0),
    ],
)
def test_now_stands_on_no_other_words(taken: list[QRectF], left: float | None) -> None:
    assert now_left(100, 20, FRAME, taken) == left


def test_now_stays_within_the_plot() -> None:
    assert now_left(195, 20, FRAME, []) == 171.0

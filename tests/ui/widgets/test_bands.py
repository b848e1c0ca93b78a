from __future__ import annotations

import pytest
from PySide6.QtCore import QRectF

from atu_gui.ui.widgets.bands import PlacedBand, band_words, now_left

FRAME = QRectF(0, 0, 200, 50)


def test_a_number_is_left_out_where_its_band_is_too_narrow() -> None:
    bands = [
        PlacedBand("align", 1, 0, 10, False), PlacedBand("unlearn", 1, 10, 11.9, False),
        PlacedBand("align", 2, 11.9, 20, False), PlacedBand("unlearn", 2, 20, 22, False),
    ]  # fmt: skip
    areas = [QRectF(10 * band.left, 0, 10 * (band.right - band.left), 50) for band in bands]
    assert band_words(bands, areas, lambda words: 14.0 * len(words)) == {0: "align", 3: "2"}


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

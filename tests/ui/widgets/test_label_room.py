from __future__ import annotations

import itertools

from PySide6.QtCore import QLineF, QPointF, QRectF

from atu_gui.ui.widgets.label_room import along, around, beside_level, covered, freest, spot

FRAME = QRectF(0, 0, 300, 100)


def test_words_go_where_nothing_is() -> None:
    places = beside_level(50, FRAME, 60, 14)
    assert places[0].right() == FRAME.right() and places[0].bottom() == 49, "it does not touch the line"
    place, area = freest(places, [], FRAME)
    assert (place, area) == (places[0], 0)
    # A marker at the right end pushes them below the line, one on either side of it to the left.
    marker = spot(QPointF(290, 45), 10)
    assert freest(places, [marker], FRAME)[0].top() == 52
    place, area = freest(places, [marker, spot(QPointF(290, 57), 10)], FRAME)
    assert area == 0 and place.right() < 285


def test_where_everything_is_taken_the_least_is_hidden() -> None:
    places = [QRectF(0, 0, 10, 10), QRectF(20, 0, 10, 10)]
    assert freest(places, [QRectF(0, 0, 30, 5), QRectF(20, 8, 10, 2)], FRAME) == (places[0], 50.0)


def test_words_stay_in_the_frame_even_where_it_is_full() -> None:
    edge = QPointF(4, 50)
    places = around(edge, 8, 60, 14)
    place, _ = freest(places, [FRAME], FRAME)
    assert FRAME.contains(place)


def test_a_line_is_covered_from_end_to_end() -> None:
    areas = list(along(QLineF(0, 0, 100, 0)))
    assert areas[0].center() == QPointF(0, 0) and areas[-1].center() == QPointF(100, 0)
    gaps = [second.center().x() - first.center().x() for first, second in itertools.pairwise(areas)]
    assert max(gaps) < 10
    assert covered(QRectF(40, -5, 20, 10), areas) > 0
    assert covered(QRectF(40, 5, 20, 10), areas) == 0

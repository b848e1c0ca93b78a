"""Where words of a plot can stand without lying on what it shows. Pixels only; it knows no plot."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from PySide6.QtCore import QLineF, QPointF, QRectF

# A line is covered by small squares so far apart, in pixels.
_STEP = 6.0
# Words beside a spot keep this distance.
_GAP = 3.0


def covered(place: QRectF, taken: Iterable[QRectF]) -> float:
    """The area of `place` that lies on what is taken, in square pixels."""
    cuts = (place.intersected(one) for one in taken)
    return sum(cut.width() * cut.height() for cut in cuts if cut.isValid())


def freest(places: Sequence[QRectF], taken: Sequence[QRectF], frame: QRectF) -> tuple[QRectF, float]:
    """The first of `places` that lies on the least, and how much that is. Places that leave the frame come last."""
    best, least, within = places[0], float("inf"), False
    for place in places:
        inside, area = frame.contains(place), covered(place, taken)
        if (inside, -area) > (within, -least):
            best, least, within = place, area, inside
    return best, least


def spot(middle: QPointF, size: float) -> QRectF:
    """What a marker covers."""
    return QRectF(middle.x() - size / 2, middle.y() - size / 2, size, size)


def along(line: QLineF, width: float = 2.0) -> Iterator[QRectF]:
    """What a straight line covers, in small squares."""
    parts = max(1, round(line.length() / _STEP))
    for at in range(parts + 1):
        yield spot(line.pointAt(at / parts), width)


def around(middle: QPointF, size: float, width: float, height: float, *, below: bool = False) -> list[QRectF]:
    """Places for words around a spot: above, right, left, below and at the corners; with `below`, that side first."""
    away = size / 2 + _GAP
    left, right = middle.x() - away - width, middle.x() + away
    centre, level = middle.x() - width / 2, middle.y() - height / 2
    above, under = middle.y() - away - height, middle.y() + away
    ends = [(centre, under), (centre, above)] if below else [(centre, above), (centre, under)]
    corners = [(x, y) for y in (above, under) for x in (right, left)]
    # A little nearer at the corners, where nothing of the spot is.
    return [QRectF(x, y, width, height) for x, y in (ends[0], (right, level), (left, level), ends[1], *corners)]


def beside_level(level: float, frame: QRectF, width: float, height: float, step: float = 12.0) -> list[QRectF]:
    """Places for words above or below a level line, from the right to the left."""
    count = int(max(frame.width() - width, 0.0) // step) + 1
    heights = (level - height - 1.0, level + 2.0)
    return [QRectF(frame.right() - width - at * step, top, width, height) for at in range(count) for top in heights]

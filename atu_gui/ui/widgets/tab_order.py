"""Where Tab goes: to what is seen, in reading order.

Qt's own order is that of creation. A card, tag or editor that is made later would come last of all, and a title row
after the panel below it. So the order is read off the screen at each press.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QScrollArea, QWidget

_Edge = Callable[[QRect], int]


def tab_stops(window: QWidget, also: QWidget | None = None) -> list[QWidget]:
    """Everything in a window that takes the keyboard by Tab now, in reading order.

    Args:
        window: What is looked through.
        also: Counts as a stop even if it is none.
    """
    # On a Mac Tab may be set to stop at fields alone.
    everything = QGuiApplication.styleHints().tabFocusBehavior() == Qt.TabFocusBehavior.TabFocusAllControls
    wanted = Qt.FocusPolicy.TabFocus if everything else Qt.FocusPolicy.StrongFocus
    stops: set[QWidget] = set()
    # The widgets that hold stops, from the window down.
    inside: defaultdict[QWidget, list[QWidget]] = defaultdict(list)
    linked: set[QWidget] = {window}
    for one in window.findChildren(QWidget):
        if one is also or (one.focusPolicy() & wanted == wanted and _is_free(one, window)):
            stops.add(one)
            while one not in linked:
                linked.add(one)
                above = one.parentWidget()
                assert above is not None, "only a window has none, and that is linked"
                inside[above].append(one)
                one = above

    def read(widget: QWidget) -> Iterator[QWidget]:
        if widget in stops:
            yield widget
        for part in _in_reading_order(inside.get(widget, ())):
            yield from read(part)

    return list(read(window))


def move_focus(window: QWidget, forward: bool) -> bool:
    """Give the keyboard to the next or the previous stop of a window; at the end it begins anew.

    Returns:
        Whether there was another stop.
    """
    now = window.focusWidget()
    order = tab_stops(window, now)
    if not order or order == [now]:
        return False
    step = 1 if forward else -1
    at = order.index(now) + step if now in order else (0 if forward else -1)
    target = order[at % len(order)]
    # Qt's own way sets it too: the focus ring shows only where the keyboard moved the focus.
    window.setAttribute(Qt.WidgetAttribute.WA_KeyboardFocusChange)
    target.setFocus(Qt.FocusReason.TabFocusReason if forward else Qt.FocusReason.BacktabFocusReason)
    _bring_into_view(target)
    return True


def _is_free(widget: QWidget, window: QWidget) -> bool:
    return widget.isVisible() and widget.isEnabled() and widget.focusProxy() is None and widget.window() is window


def _bring_into_view(widget: QWidget) -> None:
    area = widget.parentWidget()
    while area is not None:
        if isinstance(area, QScrollArea):
            area.ensureWidgetVisible(widget)
        area = area.parentWidget()


def _in_reading_order(widgets: Sequence[QWidget]) -> Sequence[QWidget]:
    """Rows from the top where siblings fall into rows, else columns from the left, and so on within each."""
    if len(widgets) < 2:
        return widgets
    boxes = {one: one.geometry() for one in widgets}
    cuts: tuple[tuple[_Edge, _Edge], ...] = ((QRect.top, QRect.bottom), (QRect.left, QRect.right))
    for begin, end in cuts:
        groups = _cut(boxes, begin, end)
        if len(groups) > 1:
            return [one for group in groups for one in _in_reading_order(group)]
    return sorted(widgets, key=lambda one: (boxes[one].top(), boxes[one].left()))


def _cut(boxes: dict[QWidget, QRect], begin: _Edge, end: _Edge) -> list[list[QWidget]]:
    """Groups with a gap between them."""
    groups: list[list[QWidget]] = []
    reach = 0
    for one, box in sorted(boxes.items(), key=lambda entry: begin(entry[1])):
        if groups and begin(box) <= reach:
            groups[-1].append(one)
            reach = max(reach, end(box))
        else:
            groups.append([one])
            reach = end(box)
    return groups

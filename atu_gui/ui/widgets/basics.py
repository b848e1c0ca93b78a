"""Small pieces that every panel is made of: labels with a role, buttons with an icon, rules, rows and columns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeVar

from PySide6.QtCore import QCoreApplication, QEvent, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QStyle,
    QStyleOptionButton,
    QStylePainter,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from atu_gui.ui.theme import Theme

_Layout = TypeVar("_Layout", bound=QBoxLayout)
# Qt breaks lines at spaces, slashes and hyphens: what is longer without any needs a place to break.
_UNBROKEN = re.compile(r"[^\s/-]{21,}")
_PIECE, _BREAK = 10, "\u200b"


def label(words: str = "", role: str = "", *, wrap: bool = False) -> QLabel:
    """A label in one of the style sheet's roles."""
    made = Wrapped(words) if wrap else QLabel(words)
    if role:
        made.setProperty("role", role)
    return made


class Wrapped(QLabel):
    """A label of several lines. A name without spaces, or an answer gone wrong, breaks too: a label cannot be narrower
    than its longest word, and would make its panel as wide. What can be selected stays as it is: it is to be copied."""

    def __init__(self, words: str) -> None:
        super().__init__()
        self.setWordWrap(True)
        self.setText(words)

    def setText(self, words: str) -> None:
        # A break within a tag of HTML would be no tag any more.
        kept = self.textInteractionFlags() & Qt.TextInteractionFlag.TextSelectableByMouse or "<" in words
        super().setText(words if kept else _UNBROKEN.sub(_broken, words))

    def text(self) -> str:
        return super().text().replace(_BREAK, "")


class Elided(QLabel):
    """A label that shortens its words (in the middle, unless told otherwise) instead of being cut off; the tooltip has
    them all."""

    def __init__(self, words: str, where: Qt.TextElideMode = Qt.TextElideMode.ElideMiddle) -> None:
        super().__init__(words)
        self._where = where
        self.setToolTip(words)
        self.setMinimumWidth(40)

    @property
    def is_shortened(self) -> bool:
        """Whether not all words are seen."""
        return self.fontMetrics().horizontalAdvance(self.text()) > self.width()

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self.is_shortened:
            super().paintEvent(event)
            return
        words = self.fontMetrics().elidedText(self.text(), self._where, self.width())
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(self.rect(), int(self.alignment()), words)


def mark(words: str, kind: str) -> QLabel:
    """A small tag that marks something: leak, ok, flag, live or plain."""
    made = QLabel(words)
    made.setProperty("mark", kind)
    made.setAlignment(Qt.AlignmentFlag.AlignCenter)
    made.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
    return made


def icon_label(theme: Theme, name: str, token: str = "muted", size: int = 16) -> QLabel:
    """An icon beside words; it says nothing of its own."""
    made = QLabel()
    theme.dress(made, name, token, size)
    made.setFixedSize(size, size)
    return made


def button(
    theme: Theme, words: str, kind: str = "", icon: str = "", *, size: str = "", tip: str = "", token: str = ""
) -> QPushButton:
    """A push button of one of the style sheet's kinds."""
    made = QPushButton(words)
    for name, value in (("kind", kind), ("measure", size)):
        if value:
            made.setProperty(name, value)
    if icon:
        usual = {"primary": "on_accent", "link": "accent_text", "danger": "bad"}.get(kind, "text")
        theme.dress(made, icon, token or usual)
    made.setToolTip(tip)
    made.setAccessibleName(words)
    made.setAutoDefault(False)
    return made


class ElidedButton(QPushButton):
    """A button that says what the user or the model wrote: shortened where there is no room, and in full to whoever
    asks for its text."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        # A button is never narrower than its words unless it is told.
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)

    def minimumSizeHint(self) -> QSize:
        return QSize(40, super().minimumSizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        option = QStyleOptionButton()
        self.initStyleOption(option)
        missing = self.sizeHint().width() - self.width()
        if missing > 0:
            room = self.fontMetrics().horizontalAdvance(self.text()) - missing
            option.text = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, room)
        QStylePainter(self).drawControl(QStyle.ControlElement.CE_PushButton, option)


def icon_button(theme: Theme, name: str, words: str, token: str = "muted") -> QToolButton:
    """A button that shows only an icon; `words` are its tooltip and accessible name."""
    made = QToolButton()
    theme.dress(made, name, token)
    made.setToolTip(words)
    made.setAccessibleName(words)
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return made


def rule(*, vertical: bool = False) -> QFrame:
    """A one-pixel line."""
    made = QFrame()
    made.setProperty("rule", "vertical" if vertical else "true")
    return made


def row(*items: QWidget | int | None, spacing: int = 8) -> QHBoxLayout:
    """Widgets side by side; None stretches, a number is a gap."""
    return _filled(QHBoxLayout(), items, spacing)


def column(*items: QWidget | int | None, spacing: int = 8) -> QVBoxLayout:
    """Widgets below each other; None stretches, a number is a gap."""
    return _filled(QVBoxLayout(), items, spacing)


def card(layout: QBoxLayout) -> QFrame:
    """A framed surface around a layout."""
    made = QFrame()
    made.setProperty("card", "true")
    made.setLayout(layout)
    return made


def show_facts(page: QWidget, facts: Sequence[tuple[str, str, str]]) -> None:
    """Fill a page whose layout is a column with rows of name, value and tooltip, instead of what it showed."""
    layout = page.layout()
    assert layout is not None
    while (item := layout.takeAt(0)) is not None:
        old = item.widget()
        if old is not None:
            old.hide()
            old.deleteLater()
    for name, value, tip in facts:
        words = Elided(value)
        words.setToolTip(tip or value)
        words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        # A short value is narrower than its label may become.
        words.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        made = QWidget()
        made.setLayout(row(label(name, "muted"), None, words))
        layout.addWidget(made)


def set_property(widget: QWidget, name: str, value: object) -> None:
    """Change a dynamic property and let the style sheet see it."""
    if widget.property(name) != value:
        widget.setProperty(name, value)
        widget.style().unpolish(widget)
        widget.style().polish(widget)
        # Polishing alone leaves a label without the padding that the sheet gives it now.
        QCoreApplication.sendEvent(widget, QEvent(QEvent.Type.StyleChange))


def _broken(found: re.Match[str]) -> str:
    word = found[0]
    return _BREAK.join(word[at : at + _PIECE] for at in range(0, len(word), _PIECE))


def _filled(layout: _Layout, items: tuple[QWidget | int | None, ...], spacing: int) -> _Layout:
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(spacing)
    for item in items:
        if item is None:
            layout.addStretch(1)
        elif isinstance(item, int):
            layout.addSpacing(item)
        else:
            layout.addWidget(item)
    return layout

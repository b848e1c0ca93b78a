"""What went wrong, said where it arose: one sentence, a way out, the rest on request."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QGuiApplication, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QPlainTextEdit, QWidget

from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.basics import button, column, icon_button, icon_label, label, row, set_property

# From this width on the details stand beside the words: they move nothing that lies below.
_WIDE = 720
_DETAILS, _DETAILS_BESIDE = 140, 96
_ICONS = {"error": ("warning-circle", "bad"), "warn": ("warning", "warn"), "info": ("info", "accent_text")}


class Notice(QFrame):
    """A card that stays until it is closed or replaced; hidden while there is nothing to say."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._icon = icon_label(theme, "warning-circle", "bad", 20)
        self._message = label("", "heading", wrap=True)
        self._hint = label("", "muted", wrap=True)
        for words in (self._message, self._hint):
            words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._close = icon_button(theme, "x", "Close this message")
        self._close.clicked.connect(self.hide)
        self._more = button(theme, "Details", icon="caret-down")
        self._more.clicked.connect(self._toggle_details)
        self._copy = button(theme, "Copy", "quiet", "copy", tip="Copy the message and its details")
        self._copy.clicked.connect(self._copy_all)
        self._offers = row()
        self._details = QPlainTextEdit()
        self._details.setReadOnly(True)
        self._details.setAccessibleName("Details of the error")
        self._details.setFont(theme.font(12, mono=True))
        self._details.setMaximumHeight(_DETAILS)
        self._details.setMinimumHeight(80)
        self._beside = row()
        head = self._head = row(self._icon, self._message, spacing=10)
        head.addLayout(self._beside)
        head.addWidget(self._close)
        head.setStretch(1, 1)
        # The first line of the words, the icon and the cross have one middle, however many lines follow.
        self._icon.setContentsMargins(0, 4, 0, 4)
        self._icon.setFixedHeight(28)
        self._message.setContentsMargins(0, 6, 0, 2)
        for item in (self._icon, self._message, self._close):
            head.setAlignment(item, Qt.AlignmentFlag.AlignTop)
        inner = column(self._hint, spacing=8)
        inner.setContentsMargins(30, 0, 0, 0)
        below = row(self._more, self._copy, None)
        below.insertLayout(0, self._offers)
        inner.addLayout(below)
        left = column(spacing=4)
        left.addLayout(head)
        left.addLayout(inner)
        self._parts = column(spacing=8)
        self._parts.addLayout(left, 1)
        self._parts.addWidget(self._details, 1)
        self._whole = row(spacing=10)
        self._whole.setContentsMargins(12, 8, 8, 8)
        self._whole.addLayout(self._parts, 1)
        self.setLayout(self._whole)
        self.hide()

    def say(
        self, message: str, hint: str = "", details: str = "", *, kind: str = "error", offers: Sequence[QAction] = ()
    ) -> None:
        """Show a message of a kind: error, warn or info; each of `offers` gets a button, which closes it too."""
        self._show_offers(offers, beside=not hint and not details)
        set_property(self, "card", kind)
        name, token = _ICONS[kind]
        self._theme.dress(self._icon, name, token, 20)
        self._message.setText(message)
        self._hint.setText(hint)
        self._hint.setVisible(bool(hint))
        self._details.setPlainText(details)
        self._details.hide()
        self._more.setVisible(bool(details))
        self._copy.setVisible(bool(details))
        self.setAccessibleName(f"{kind}: {message} {hint}")
        self.show()

    def resizeEvent(self, event: QResizeEvent) -> None:
        wide = event.size().width() >= _WIDE
        self._parts.setDirection(QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom)
        self._details.setMaximumHeight(_DETAILS_BESIDE if wide else _DETAILS)
        # Right of all there is; in a narrow panel only the first line has room for it.
        (self._whole if wide else self._head).addWidget(self._close, 0, Qt.AlignmentFlag.AlignTop)
        super().resizeEvent(event)

    @property
    def words(self) -> str:
        """What it says now."""
        return f"{self._message.text()} {self._hint.text()}".strip()

    def _show_offers(self, offers: Sequence[QAction], *, beside: bool) -> None:
        """Below the words, or beside them where they are a line and nothing else."""
        for place in (self._offers, self._beside):
            while (item := place.takeAt(0)) is not None:
                old = item.widget()
                if old is not None:
                    old.hide()
                    old.deleteLater()
        for offer in offers:
            made = button(self._theme, offer.text(), tip=offer.toolTip())
            made.clicked.connect(self.hide)
            made.clicked.connect(offer.trigger)
            (self._beside if beside else self._offers).addWidget(made)

    def _toggle_details(self) -> None:
        shown = self._details.isHidden()
        self._details.setVisible(shown)
        self._theme.dress(self._more, "caret-up" if shown else "caret-down")

    def _copy_all(self) -> None:
        QGuiApplication.clipboard().setText(f"{self.words}\n\n{self._details.toPlainText()}")

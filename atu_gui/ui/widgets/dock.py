"""A dock that looks like a card: an own title row above a framed body."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget, QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.basics import icon_button, row
from atu_gui.ui.widgets.tab_order import move_focus

TITLE_HEIGHT = 36


class DockTitle(QFrame):
    """The title row: name on the left, the panel's own controls and the float button on the right."""

    def __init__(self, dock: Dock, theme: Theme) -> None:
        super().__init__(dock)
        self.setObjectName("dock_title")
        self.setFixedHeight(TITLE_HEIGHT)
        name = QLabel(dock.windowTitle())
        name.setProperty("role", "heading")
        self._corner = QHBoxLayout()
        self._corner.setSpacing(8)
        floating = icon_button(theme, "arrow-square-out", f"Float or dock “{dock.windowTitle()}”")
        floating.clicked.connect(dock.toggle_floating)
        layout = row(name, None)
        layout.setContentsMargins(12, 0, 6, 0)
        layout.addLayout(self._corner)
        layout.addWidget(floating)
        self.setLayout(layout)

    def add_corner(self, widget: QWidget) -> None:
        """A control of the panel that belongs into the title row."""
        self._corner.addWidget(widget)


class Dock(QDockWidget):
    """A dock named by `key` in saved layouts. With `titled` false its body carries its own heading (tabs)."""

    def __init__(self, key: str, title: str, body: QWidget, theme: Theme, *, titled: bool = True) -> None:
        super().__init__(title)
        self.setObjectName(f"dock_{key}")
        self.setAllowedAreas(Qt.DockWidgetArea.AllDockWidgetAreas)
        self._frame = QFrame()
        self._frame.setObjectName("dock_body")
        layout = QVBoxLayout(self._frame)
        layout.setContentsMargins(1, 1 if not titled else 0, 1, 1)
        layout.addWidget(body)
        self.setWidget(self._frame)
        if titled:
            self._title = DockTitle(self, theme)
            self.setTitleBarWidget(self._title)
        else:
            self._frame.setProperty("alone", "true")
            # An empty title widget: the tabs are the title. The dock is moved with the view menu's float entry.
            bare = QWidget()
            bare.setFixedHeight(0)
            self.setTitleBarWidget(bare)

    def add_corner(self, widget: QWidget) -> None:
        """A control of the panel that belongs into the title row; only for titled docks."""
        self._title.add_corner(widget)

    def focusNextPrevChild(self, forward: bool) -> bool:
        return move_focus(self.window(), forward)

    def toggle_floating(self) -> None:
        """Take the dock out of the window, or put it back."""
        self.setFloating(not self.isFloating())

"""The workbench page: toolbar row above a field of docks."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QByteArray, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QShowEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QMainWindow,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from atu_gui import __version__
from atu_gui.ui.actions import Actions, explain
from atu_gui.ui.panels.audits import AuditsPanel
from atu_gui.ui.panels.chat import ChatPanel
from atu_gui.ui.panels.compare import ComparePanel
from atu_gui.ui.panels.evaluations import EvaluationsPanel
from atu_gui.ui.panels.log import LogPanel
from atu_gui.ui.panels.outcome import OutcomePanel
from atu_gui.ui.panels.plots import PlotsPanel
from atu_gui.ui.panels.probes import ProbesPanel
from atu_gui.ui.panels.question import QuestionPanel
from atu_gui.ui.panels.rephrasings import RephrasingsPanel
from atu_gui.ui.panels.rounds import RoundsPanel
from atu_gui.ui.panels.runs import RunsPanel
from atu_gui.ui.panels.tokens import TokensPanel
from atu_gui.ui.preferences import LAYOUT_VERSION, Layout
from atu_gui.ui.setup import Setup
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.dock import Dock
from atu_gui.ui.widgets.notice import Notice
from atu_gui.ui.widgets.run_bar import RunBar
from atu_gui.ui.widgets.strip import BranchStrip, PastStrip

NARROW = 1440
_LEFT, _LEFT_NARROW, _RIGHT = 320, 272, 440
_BOTTOM = 232
View = Literal["run", "question", "compare", "outcome"]
# The docks of each arrangement, left one and middle one first; the bottom one is in all.
_DOCKS: dict[View, tuple[str, ...]] = {"run": ("setup", "curves", "chat"), "question": ("question", "results")}


class Workbench(QWidget):
    """Docks for set-up, curves, chat, questions and the bottom tabs. It arranges; rooms and the window wire.

    Signal: `view_changed` (what stands below the toolbar: "run", "question", "compare" or "outcome").
    """

    view_changed = Signal(str)

    def __init__(self, theme: Theme, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._narrow: bool | None = None
        self._view: View = "run"
        # The docks' arrangement, which stays while the comparison stands in their place.
        self._arranged: View = "run"
        self._layouts: dict[View, QByteArray] = {}
        # Whether the docks have yet to take the sizes of their arrangement; later they keep those that the user gives.
        self._unsized = True
        self.run_bar = RunBar(theme, actions)
        self.notice = Notice(theme)
        self.crash = Notice(theme)
        self.past = PastStrip(theme)
        self.branch = BranchStrip(theme)
        self.setup = Setup(theme)
        self.plots = PlotsPanel(theme)
        self.chat = ChatPanel(theme)
        self.question = QuestionPanel(theme)
        self.rephrasings = RephrasingsPanel(theme)
        self.tokens = TokensPanel(theme)
        self.log = LogPanel(theme)
        self.rounds = RoundsPanel(theme)
        self.probes = ProbesPanel(theme)
        self.audits = AuditsPanel(theme)
        self.evaluations = EvaluationsPanel(theme)
        self.runs = RunsPanel(theme)
        self.compare = ComparePanel(theme)
        self.outcome = OutcomePanel(theme)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(False)
        self.tabs.tabBar().setAccessibleName("Tables and log")
        for panel, title in (
            (self.runs, "Runs"),
            (self.rounds, "Rounds"),
            (self.probes, "Probes"),
            (self.audits, "Audits"),
            (self.evaluations, "Benchmark"),
            (self.tokens, "Tokens"),
            (self.log, "Log"),
        ):
            self.tabs.addTab(panel, title)
        self._corners: dict[QWidget, QWidget] = {}
        self._corner = QStackedWidget()
        self.tabs.setCornerWidget(self._corner)
        self.tabs.currentChanged.connect(self._show_corner)
        self.add_corner(self.chat, self.chat.corner)
        self.add_corner(self.runs, self.runs.corner)
        self.add_corner(self.rounds, self.rounds.take_corner())
        self.add_corner(self.probes, self.probes.take_corner())
        self.add_corner(self.audits, self.audits.corner)
        self.add_corner(self.evaluations, self.evaluations.corner)
        self._chat_home = QFrame()
        home = QVBoxLayout(self._chat_home)
        home.setContentsMargins(0, 0, 0, 0)
        home.addWidget(self.chat)
        self._docks = self._build_docks(theme)
        margins = QWidget()
        inside = QVBoxLayout(margins)
        inside.setContentsMargins(8, 8, 8, 0)
        inside.setSpacing(8)
        inside.addWidget(self.crash)
        inside.addWidget(self.notice)
        inside.addWidget(self.past)
        inside.addWidget(self.branch)
        inside.addWidget(self._field, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.run_bar)
        self._views = QStackedWidget()
        self._views.addWidget(margins)
        self._views.addWidget(self.compare)
        self._views.addWidget(self.outcome)
        layout.addWidget(self._views, 1)

    def dock_actions(self) -> list[QAction]:
        """For the view menu: show and hide each dock."""
        return [dock.toggleViewAction() for dock in self._docks.values()]

    def show_view(self, view: View) -> None:
        """Arrange the docks for running or for questioning, or show the comparison or the outcome in their place.

        Each arrangement of the docks remembers how it was left.
        """
        if view == self._view:
            return
        self._view = view
        self._views.setCurrentIndex({"compare": 1, "outcome": 2}.get(view, 0))
        if view in _DOCKS and view != self._arranged:
            self._layouts[self._arranged] = self._field.saveState(LAYOUT_VERSION)
            self._arranged = view
            if view not in self._layouts or not self._field.restoreState(self._layouts[view], LAYOUT_VERSION):
                self._show_docks()
                self._unsized = True
        if self._unsized:
            self._resize_soon()
        self.view_changed.emit(view)

    @property
    def view(self) -> View:
        """What stands below the toolbar."""
        return self._view

    def show_tab(self, panel: QWidget) -> None:
        """Bring a bottom tab to the front."""
        self.tabs.setCurrentWidget(panel)

    def add_corner(self, panel: QWidget, corner: QWidget) -> None:
        """Controls of a bottom tab that stand beside the tabs while it is in front."""
        beside = corner.layout()
        assert isinstance(beside, QHBoxLayout)
        beside.setContentsMargins(0, 0, 8, 0)
        # All corners are as wide as the widest; the controls keep to the right and to their own widths.
        beside.insertStretch(0, 1)
        self._corners[panel] = corner
        self._corner.addWidget(corner)
        self._show_corner()

    def say_about(self) -> None:
        """What this program is."""
        self.notice.say(
            f"atu-gui {__version__}",
            "A workbench that makes a language model forget a concept by Align-then-Unlearn (arXiv 2506.13181). "
            "Apache-2.0.",
            kind="info",
        )

    def show_chat(self) -> None:
        """Bring the chat to where it can be seen, with the cursor in it."""
        self.show_view("run")
        if self._narrow:
            self.tabs.setCurrentWidget(self.chat)
        else:
            self._docks["chat"].show()
        self.chat.setFocus()

    def show_setup(self) -> None:
        """Bring the set-up to where it can be seen, for what is wrong in it."""
        self.show_view("run")
        self._docks["setup"].show()

    def fit(self, width: int) -> None:
        """Arrange for a window of this width."""
        narrow = width < NARROW
        if narrow == self._narrow:
            return
        self._narrow = narrow
        self._show_corner()
        self.run_bar.set_compact(narrow)
        self.setup.set_narrow(narrow)
        self.past.set_narrow(narrow)
        if narrow:
            # A window that opens narrow begins with the chat; one that is narrowed keeps the tab that is looked at.
            front = self.tabs.currentWidget() if self.isVisible() else self.chat
            self.tabs.insertTab(0, self.chat, "Chat")
            self.tabs.setCurrentWidget(front)
        else:
            self.tabs.removeTab(self.tabs.indexOf(self.chat))
            self._chat_home.layout().addWidget(self.chat)  # type: ignore[union-attr]
            self.chat.show()
        self._docks["chat"].setVisible(not narrow and self._arranged == "run")
        self._docks["chat"].toggleViewAction().setEnabled(not narrow)
        # How the other arrangement was left belongs to another width.
        self._layouts.clear()
        self._resize_soon()

    def reset(self) -> None:
        """Every dock where it was at first."""
        for dock in self._docks.values():
            dock.setFloating(False)
        self._place()
        self._layouts.clear()
        self._show_docks()
        self._resize_soon()

    def save_layout(self) -> Layout:
        """How both arrangements of the docks are left."""
        layouts = {**self._layouts, self._arranged: self._field.saveState(LAYOUT_VERSION)}
        run, question = (bytes(layouts.get(view, QByteArray()).data()) for view in _DOCKS)
        return Layout(run, question, bool(self._narrow))

    def restore_layout(self, saved: Layout) -> None:
        """Back to a saved layout; one that does not fit changes nothing."""
        if not saved.run or not self._field.restoreState(QByteArray(saved.run), LAYOUT_VERSION):
            return
        for key in _DOCKS["question"]:
            self._docks[key].hide()
        if saved.narrow != self._narrow:
            # Sizes and the place of the chat belong to another width.
            self._docks["chat"].setVisible(not self._narrow)
            return
        self._unsized = False
        if saved.question:
            self._layouts["question"] = QByteArray(saved.question)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._unsized:
            self._resize_soon()

    def _show_corner(self) -> None:
        # Like those of the toolbar, their buttons lose their words in a narrow window; name and tooltip stay.
        for made in self._corner.findChildren(QPushButton):
            words = made.text() or made.property("words")
            made.setProperty("words", words)
            self._theme.say(made, "" if self._narrow and not made.icon().isNull() else words)
        corner = self._corners.get(self.tabs.currentWidget())
        self._corner.setVisible(corner is not None)
        if corner is not None:
            self._corner.setCurrentWidget(corner)

    def _build_docks(self, theme: Theme) -> dict[str, Dock]:
        self._field = QMainWindow()
        self._field.setWindowFlags(Qt.WindowType.Widget)
        self._field.setDockNestingEnabled(True)
        self._field.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        docks = {
            "setup": Dock("setup", "Set-up", self.setup, theme),
            "curves": Dock("curves", "Curves", self.plots, theme),
            "chat": Dock("chat", "Chat", self._chat_home, theme),
            "question": Dock("question", "Question", self.question, theme),
            "results": Dock("results", "Rephrase results", self.rephrasings, theme),
            "bottom": Dock("bottom", "Tables and log", self.tabs, theme, titled=False),
        }
        for number, dock in enumerate(docks.values(), start=1):
            explain(dock.toggleViewAction(), f"Alt+{number}", f"Show or hide “{dock.windowTitle()}”.")
        docks["curves"].add_corner(self.plots.take_tools())
        docks["chat"].add_corner(self.chat.take_tools())
        docks["results"].add_corner(self.rephrasings.take_tools())
        docks["results"].setMinimumWidth(480)
        for key in ("setup", "question"):
            docks[key].setMinimumWidth(_LEFT_NARROW)
        docks["curves"].setMinimumWidth(360)
        docks["chat"].setMinimumWidth(320)
        self._docks = docks
        self._place()
        self._show_docks()
        return docks

    def _place(self) -> None:
        # There is no central widget: one area, split, holds everything, so every panel can be moved and floated.
        docks, field = self._docks, self._field
        field.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, docks["setup"])
        field.splitDockWidget(docks["setup"], docks["question"], Qt.Orientation.Horizontal)
        field.splitDockWidget(docks["question"], docks["curves"], Qt.Orientation.Horizontal)
        field.splitDockWidget(docks["curves"], docks["bottom"], Qt.Orientation.Vertical)
        field.splitDockWidget(docks["curves"], docks["results"], Qt.Orientation.Horizontal)
        field.splitDockWidget(docks["results"], docks["chat"], Qt.Orientation.Horizontal)

    def _show_docks(self) -> None:
        """Those of the mode; the chat is a tab where the window is narrow."""
        for key, dock in self._docks.items():
            shown = key == "bottom" or key in _DOCKS[self._arranged]
            dock.setVisible(shown and (key != "chat" or not self._narrow))

    def _resize_soon(self) -> None:
        self._unsized = True
        # Docks take sizes only once the layout that shows or hides them is through.
        QTimer.singleShot(0, self, self._resize)

    def _resize(self) -> None:
        # Behind the comparison or the outcome the docks take no sizes.
        if not self._unsized or not self._field.isVisible():
            return
        self._unsized = False
        docks = self._docks
        left, middle = _DOCKS[self._arranged][:2]
        widths = {left: _LEFT_NARROW if self._narrow else _LEFT}
        if self._arranged == "run" and not self._narrow:
            widths["chat"] = _RIGHT
        # All of a row are given: one alone is refused when the layout was measured before it was seen.
        widths[middle] = max(400, self.width() - sum(widths.values()) - 32)
        self._field.resizeDocks([docks[key] for key in widths], list(widths.values()), Qt.Orientation.Horizontal)
        tall = max(300, self.height() - _BOTTOM - 72)
        self._field.resizeDocks([docks[middle], docks["bottom"]], [tall, _BOTTOM], Qt.Orientation.Vertical)

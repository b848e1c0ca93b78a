"""The menu row: one widget above everything, so that it looks the same on every system."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QHBoxLayout, QMenu, QMenuBar, QSpacerItem, QWidget

from atu_gui.ui.actions import Actions, bind
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.basics import button
from atu_gui.ui.widgets.segments import Segments

_HEIGHT = 33
_VIEWS = {"run": "Run", "question": "Question", "compare": "Compare"}
_ICONS = ("chart-line", "chat-circle-text", "stack")


class MenuRow(QWidget):
    """The bar with all menus, the switch between views and the palette's field, in a row of the window's own colour."""

    def __init__(self, actions: Actions, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._actions = actions
        self.setObjectName("menu_row")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(_HEIGHT)
        self._bar = QMenuBar()
        self._bar.setNativeMenuBar(False)
        self._view_menu = self._fill_bar(theme)
        self._views = _views(actions, theme)
        self._search = _search_field(actions, theme)
        self._balance = QSpacerItem(0, 0)
        inside = QHBoxLayout(self)
        inside.setContentsMargins(8, 0, 8, 1)
        inside.addWidget(self._bar)
        inside.addStretch(1)
        inside.addWidget(self._views)
        inside.addStretch(1)
        inside.addItem(self._balance)
        inside.addWidget(self._search)
        # Widths are known only under the style sheet.
        theme.changed.connect(self._weigh)
        self._weigh()

    def add_docks(self, docks: list[QAction]) -> None:
        """Show and hide each dock from the view menu; the docks are built after this row."""
        self._view_menu.insertActions(self._actions.reset_layout, docks)

    @Slot(str)
    def show_view(self, view: str) -> None:
        """Mark what stands below the toolbar."""
        self._views.show_choice(_VIEWS.get(view, _VIEWS["run"]))

    def _fill_bar(self, theme: Theme) -> QMenu:
        actions, bar = self._actions, self._bar
        file = bar.addMenu("&File")
        _fill(file, actions.open_folder, actions.open_gguf, actions.load, actions.starter, None)
        _fill(file, actions.hub_token, actions.offline, None)
        _fill(file, actions.export_png, actions.export_svg, actions.export_csv, None, actions.quit)
        _fill(bar.addMenu("&Edit"), actions.undo_tau, actions.redo_tau)
        view = bar.addMenu("&View")
        _fill(view, actions.show_run, actions.rephrase, actions.welcome, None, actions.reset_layout, None)
        _fill(view, actions.zoom_in, actions.zoom_out, actions.zoom_fit, None)
        _fill(view, actions.quiet, None)
        view.addMenu(_colours(actions, theme, view))
        run = bar.addMenu("&Run")
        _fill(run, actions.run, actions.pause, actions.pause_after, actions.skip, actions.stop, actions.discard)
        _fill(run, None, actions.check, actions.scan, actions.measure_speed)
        _fill(run, None, actions.save_preset, actions.rename_preset, actions.delete_preset)
        _fill(bar.addMenu("&Question"), actions.ask, actions.rephrase, actions.tokens, None, actions.export_chat)
        runs = bar.addMenu("R&uns")
        _fill(
            runs, actions.open_run, actions.resume_run, actions.close_run, actions.outcome, None, actions.return_round,
            actions.branch_round,
        )  # fmt: skip
        _fill(
            runs,
            None,
            actions.audit_round,
            actions.evaluate,
            actions.compare,
            actions.export_round,
            actions.report,
            None,
        )
        _fill(runs, actions.annotate_run, actions.delete_run, actions.undelete_run)
        help_menu = bar.addMenu("&Help")
        _fill(help_menu, actions.palette, actions.glossary, actions.open_recorded, None)
        _fill(help_menu, actions.copy_diagnostics, actions.about)
        return view

    @Slot()
    def _weigh(self) -> None:
        """As much room on the right as the menus take on the left, so that the switch stands in the middle."""
        self._balance.changeSize(max(0, self._bar.sizeHint().width() - self._search.sizeHint().width()), 0)
        self.layout().invalidate()  # type: ignore[union-attr]


def _search_field(actions: Actions, theme: Theme) -> QWidget:
    """Looks like a field and opens the palette, as in the pictures."""
    shown = actions.palette.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
    field = button(theme, f"Find an action   {shown}", "quiet", "magnifying-glass", token="muted")
    field.setProperty("measure", "compact")
    bind(field, actions.palette)
    return field


def _views(actions: Actions, theme: Theme) -> Segments:
    """What stands below the toolbar, as a switch."""
    switch = Segments(theme, "View", tuple(_VIEWS.values()), _ICONS)
    by_words = {"Run": actions.show_run, "Question": actions.rephrase, "Compare": actions.compare}
    switch.chosen.connect(lambda words: by_words[words].trigger())
    return switch


def model_menu(actions: Actions, parent: QWidget) -> QMenu:
    """What the model chip offers."""
    menu = QMenu("Load a model", parent)
    _fill(menu, actions.load, actions.open_folder, actions.open_gguf, actions.starter)
    return menu


def _colours(actions: Actions, theme: Theme, parent: QMenu) -> QMenu:
    menu = QMenu("Colours", parent)
    group = QActionGroup(menu)
    for action, mode in (
        (actions.theme_system, "system"),
        (actions.theme_light, "light"),
        (actions.theme_dark, "dark"),
    ):
        group.addAction(action)
        menu.addAction(action)
        action.setChecked(theme.mode == mode)
        action.setData(mode)
    group.triggered.connect(lambda action: theme.set_mode(action.data()))
    return menu


def _fill(menu: QMenu, *items: QAction | None) -> None:
    for item in items:
        if item is None:
            menu.addSeparator()
        else:
            menu.addAction(item)

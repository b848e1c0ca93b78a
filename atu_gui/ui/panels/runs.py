"""All runs of this machine: found, opened, named, deleted. What is done with one is said by signals."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QPoint, Qt, Signal, Slot
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QLineEdit, QMenu, QStackedLayout, QTableView, QWidget

from atu_gui.core.ports import RunRecord
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.corner import Corner
from atu_gui.ui.widgets.empty import Empty
from atu_gui.ui.widgets.runs_model import (
    BEST,
    CONCEPT,
    FORGET,
    HEADINGS,
    LAYER,
    LOSS,
    NAME,
    NEIGHBOUR,
    RUN,
    STARTED,
    STATUS,
    TAU,
    TIME,
    RunsFilter,
    RunsModel,
)
from atu_gui.ui.widgets.sparkline import Sparkline
from atu_gui.ui.widgets.tables import SpareWidth

_WIDTHS = {
    STATUS: 132, RUN: 62, CONCEPT: 148, LAYER: 58, TAU: 84, BEST: 96, FORGET: 104, NEIGHBOUR: 104, LOSS: 104, TIME: 64,
    STARTED: 112,
}  # fmt: skip
_NAME_LEAST = 160
# Where not all columns have room these are left out, in this order; tooltips of the row have what they say.
_FIRST_TO_GO = (LAYER, TAU, CONCEPT)
_SCROLL_BAR = 10
_SEARCH_WIDTH = 132


class RunsPanel(QWidget):
    """A table with one row per run.

    Signals:
        open_requested: Show this run (its id).
        selected: Another run is selected, or its record is newer (its id, or nothing).
        listed: The list was read again (its records).
    """

    open_requested = Signal(str)
    selected = Signal(str)
    listed = Signal(tuple)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = theme
        self._model = RunsModel(theme, self)
        self._filter = RunsFilter(self._model, self)
        self._menu = QMenu("Run", self)
        self._table = self._make_table(theme)
        self._search = QLineEdit()
        self._search.setPlaceholderText("Search runs")
        self._search.setAccessibleName("Search runs")
        self._search.setToolTip("Words of the name, concept, tags, note or id")
        self._search.setClearButtonEnabled(True)
        self._search.setFixedWidth(_SEARCH_WIDTH)
        self._search.textChanged.connect(self._filter.search)
        self.corner = Corner(theme, self._search)
        self._nothing = Empty(theme, "stack", "No runs yet", "Every run is kept here with all its answers.")
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self._nothing)
        self._stack.addWidget(self._table)
        self.setFocusProxy(self._table)

    def set_menu(self, *items: QAction | None) -> None:
        """What the context menu of a run offers; None is a line."""
        for item in items:
            if item is None:
                self._menu.addSeparator()
            else:
                self._menu.addAction(item)

    def show_runs(self, records: Sequence[RunRecord]) -> None:
        """List these runs, newest first; the selected one stays selected where it is still there."""
        kept = self.selected_run
        self._model.set_records(records)
        self._stack.setCurrentIndex(1 if records else 0)
        if not self.select(kept.run_id if kept else "") and records:
            self._table.selectRow(0)
        self._say_selected()
        self.listed.emit(self._model.records)

    @property
    def records(self) -> tuple[RunRecord, ...]:
        """What is listed."""
        return self._model.records

    @property
    def selected_run(self) -> RunRecord | None:
        """The run whose row is selected."""
        rows = self._table.selectionModel().selectedRows()
        return self._model.records[self._filter.mapToSource(rows[0]).row()] if rows else None

    def holds(self, run_id: str) -> bool:
        """Whether a run is one of those listed, so that its weights and answers are on this machine."""
        return any(record.run_id == run_id for record in self._model.records)

    def select(self, run_id: str) -> bool:
        """Select the row of a run; whether there is one to be seen."""
        for at, record in enumerate(self._model.records):
            index = self._filter.mapFromSource(self._model.index(at, 0))
            if record.run_id == run_id and index.isValid():
                self._table.selectRow(index.row())
                return True
        return False

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        needed = sum(_WIDTHS.values()) + _NAME_LEAST + _SCROLL_BAR
        for column in _FIRST_TO_GO:
            hidden = needed > event.size().width()
            self._table.setColumnHidden(column, hidden)
            needed -= _WIDTHS[column] if hidden else 0

    def _make_table(self, theme: Theme) -> QTableView:
        table = QTableView()
        table.setModel(self._filter)
        table.setAccessibleName("Runs")
        table.setItemDelegateForColumn(TAU, Sparkline(theme, table))
        table.setSortingEnabled(True)
        table.sortByColumn(STARTED, Qt.SortOrder.DescendingOrder)
        table.setShowGrid(False)
        table.setWordWrap(False)
        table.setTabKeyNavigation(False)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(28)
        header = table.horizontalHeader()
        header.setHighlightSections(False)
        for column in range(len(HEADINGS)):
            if column != NAME:
                table.setColumnWidth(column, _WIDTHS[column])
        header.setMinimumSectionSize(56)
        SpareWidth(table, NAME, _NAME_LEAST)
        table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        table.customContextMenuRequested.connect(self._pop)
        table.activated.connect(self._open)
        table.selectionModel().selectionChanged.connect(self._say_selected)
        return table

    @Slot(QPoint)
    def _pop(self, place: QPoint) -> None:
        if self._table.indexAt(place).isValid():
            self._menu.popup(self._table.viewport().mapToGlobal(place))

    @Slot(QModelIndex)
    def _open(self, index: QModelIndex) -> None:
        record = self._model.records[self._filter.mapToSource(index).row()]
        self.open_requested.emit(record.run_id)

    @Slot()
    def _say_selected(self) -> None:
        record = self.selected_run
        self.selected.emit(record.run_id if record else "")

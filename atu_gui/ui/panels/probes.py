"""The raw evidence: every question of the run, its gold answer, and what the model said before and after each round."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHeaderView,
    QLineEdit,
    QStackedLayout,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from atu_gui.core.events import Event, ItemAnswered, ItemSampled, RoundScored, RunFinished, RunStarted
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.answer_cells import LOW, AnswerDelegate, DotsDelegate, WordsDelegate
from atu_gui.ui.widgets.basics import button, row, rule
from atu_gui.ui.widgets.columns_button import ColumnsButton
from atu_gui.ui.widgets.empty import Empty
from atu_gui.ui.widgets.filter_bar import FilterBar
from atu_gui.ui.widgets.probes_model import (
    AFTER,
    BEFORE,
    DOTS,
    FILTERS,
    GOLD,
    GROUP,
    QUERY,
    RECALL,
    SMOOTH,
    ProbeRow,
    ProbesFilter,
    ProbesModel,
)

_GROUPS = (("Both groups", ""), ("Forget", "forget"), ("Neighbour", "neighbour"))
_KINDS = (("All kinds", ""), ("Questions", "question"), ("Fill in the blank", "cloze"), ("Verbatim", "verbatim"))
_NEWEST = "Newest round"
_WIDTHS = {GROUP: 88, GOLD: 128, DOTS: 124, RECALL: 106}


class ProbesPanel(QWidget):
    """One row per question; a filter, a search and a choice of the round that stands on the right.

    Signals:
        chat_requested: This question should go to the chat.
        rephrase_requested: This question should be asked in many ways.
        export_requested: The table should be written to a file.
    """

    chat_requested = Signal(str)
    rephrase_requested = Signal(str)
    export_requested = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.model = ProbesModel()
        self.model.setParent(self)
        self.shown = ProbesFilter(self.model)
        self.shown.setParent(self)
        self.filters = FilterBar(theme, "Probes shown", FILTERS)
        self.filters.chosen.connect(self._filter)
        self.group = _choice("Group", _GROUPS)
        self.kind = _choice("Kind", _KINDS)
        self.round = _choice("Round on the right", ((_NEWEST, None),))
        for box in (self.group, self.kind):
            box.currentIndexChanged.connect(self._filter)
        self.round.currentIndexChanged.connect(self._choose_round)
        self.table = self._make_table()
        self.columns = ColumnsButton(theme, self.table, SMOOTH)
        self._search = QLineEdit()
        self._search.setPlaceholderText("Search probes")
        self._search.setAccessibleName("Search probes")
        self._search.setClearButtonEnabled(True)
        self._search.setFixedWidth(140)
        self._search.textChanged.connect(self._filter)
        self._ask = button(theme, "Open in chat", "quiet", "chat-circle-text", size="compact")
        self._rephrase = button(theme, "Rephrase", "quiet", "sparkle", size="compact")
        self._export = button(theme, "Export", "", "export", size="compact", tip="Every probe and every round, as CSV.")
        self._ask.clicked.connect(lambda: self._hand_over(self.chat_requested))
        self._rephrase.clicked.connect(lambda: self._hand_over(self.rephrase_requested))
        self._export.clicked.connect(self.export_requested)
        self._corner = QWidget()
        self._corner.setLayout(row(self._search, self.columns, self._ask, self._rephrase, self._export))
        # A round's answers come in a burst: they are counted once, after it.
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self._refresh)
        self._lay_out()
        self._refresh()

    def take_corner(self) -> QWidget:
        """The controls that stand beside the tabs."""
        return self._corner

    def handle(self, event: Event) -> None:
        """Fill in an answer; a new run begins an empty table."""
        if isinstance(event, RunStarted):
            self.model.begin(event.concepts)
            self._soon.start(0)
        elif isinstance(event, ItemAnswered):
            self.model.take(event)
            self._soon.start(0)
        elif isinstance(event, ItemSampled):
            self.model.take_samples(event)
        elif isinstance(event, RoundScored):
            self.model.note_weights(event.round, event.weights_hash)
        elif isinstance(event, RunFinished):
            self.model.keep(event.best_round)
            self._soon.start(0)

    def clear(self) -> None:
        """Forget the run."""
        self.model.begin(())
        self._refresh()

    @property
    def selected(self) -> ProbeRow | None:
        """The row under the cursor."""
        index = self.shown.mapToSource(self.table.currentIndex())
        return self.model.rows[index.row()] if index.isValid() else None

    def _make_table(self) -> QTableView:
        table = QTableView()
        table.setModel(self.shown)
        table.setAccessibleName("Probes")
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(LOW)
        table.setShowGrid(False)
        table.setTabKeyNavigation(False)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setSortingEnabled(True)
        table.sortByColumn(-1, Qt.SortOrder.AscendingOrder)
        words, answers = WordsDelegate(self._theme, table), AnswerDelegate(self._theme, table)
        dots = DotsDelegate(self._theme, table)
        for at in (GROUP, QUERY, GOLD, RECALL, *SMOOTH):
            table.setItemDelegateForColumn(at, words)
        for at in (BEFORE, AFTER):
            table.setItemDelegateForColumn(at, answers)
        table.setItemDelegateForColumn(DOTS, dots)
        header = table.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for at in (QUERY, BEFORE, AFTER):
            header.setSectionResizeMode(at, QHeaderView.ResizeMode.Stretch)
        for at, width in _WIDTHS.items():
            table.setColumnWidth(at, width)
        table.selectionModel().currentChanged.connect(self._show_selection)
        table.activated.connect(lambda _index: self._hand_over(self.chat_requested))
        return table

    def _lay_out(self) -> None:
        top = row(self.filters, None, self.group, self.kind, self.round)
        top.setContentsMargins(8, 5, 8, 5)
        full = QWidget()
        inside = QVBoxLayout(full)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(0)
        inside.addLayout(top)
        inside.addWidget(rule())
        inside.addWidget(self.table, 1)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(
            Empty(self._theme, "question", "No answers yet", "Every question of a run appears here with its answers.")
        )
        self._stack.addWidget(full)

    @Slot()
    def _filter(self) -> None:
        self.shown.chosen = self.filters.choice
        self.shown.group, self.shown.kind = self.group.currentData(), self.kind.currentData()
        self.shown.search(self._search.text())
        self._refresh()

    @Slot()
    def _choose_round(self) -> None:
        self.model.choose_round(self.round.currentData())
        self._filter()

    @Slot()
    def _refresh(self) -> None:
        rows = [one for one in self.model.rows if self.shown.is_in_scope(one)]
        self.filters.show_counts({name: sum(one.fits(name, self.model.after) for one in rows) for name in FILTERS})
        self._stack.setCurrentIndex(1 if self.model.rows else 0)
        self._export.setEnabled(bool(self.model.rows))
        self._list_rounds()
        self._show_selection()

    def _list_rounds(self) -> None:
        kept = self.model.kept
        listed: list[tuple[str, int | None]] = [(f"Round {kept}, kept" if kept else _NEWEST, None)]
        listed += [(f"Round {number}", number) for number in self.model.rounds]
        if listed == [(self.round.itemText(at), self.round.itemData(at)) for at in range(self.round.count())]:
            return
        chosen = self.round.currentData()
        self.round.blockSignals(True)
        self.round.clear()
        for words, number in listed:
            self.round.addItem(words, number)
        self.round.setCurrentIndex(max(0, self.round.findData(chosen)))
        self.round.blockSignals(False)

    @Slot()
    def _show_selection(self) -> None:
        for made in (self._ask, self._rephrase):
            made.setEnabled(self.selected is not None)

    def _hand_over(self, signal: object) -> None:
        if self.selected is not None:
            signal.emit(self.selected.first.query)  # type: ignore[attr-defined]


def _choice(name: str, choices: tuple[tuple[str, str | None], ...]) -> QComboBox:
    made = QComboBox()
    for words, value in choices:
        made.addItem(words, value)
    made.setAccessibleName(name)
    made.setToolTip(name)
    # In the narrowest window its words are shortened; else the table's row would push all tabs wider than it.
    made.setMinimumWidth(72)
    return made

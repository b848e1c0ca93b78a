"""Every way to ask with what came back: leak marks, probabilities, counts before and after."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QSortFilterProxyModel, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLabel,
    QMenu,
    QStackedLayout,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from atu_gui.core import text
from atu_gui.core.asked import AskedQuestion
from atu_gui.core.events import PromptAnswered
from atu_gui.core.rephrasing import Rephrased
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.answer_cells import TALL, AnswerDelegate, DotsDelegate, WordsDelegate
from atu_gui.ui.widgets.basics import button, label, row, rule
from atu_gui.ui.widgets.empty import Empty
from atu_gui.ui.widgets.filter_bar import FilterBar
from atu_gui.ui.widgets.rephrase_model import AFTER, BEFORE, DOTS, FILTERS, KIND, PROMPT, RephraseModel, Row


class _Filtered(QSortFilterProxyModel):
    """Shows the rows that the chosen filter wants."""

    def __init__(self, model: RephraseModel) -> None:
        super().__init__()
        self._model = model
        self._chosen = FILTERS[0]
        self.setSourceModel(model)

    def choose(self, words: str) -> None:
        """Another filter."""
        self._chosen = words
        self.invalidate()

    def filterAcceptsRow(self, source_row: int, source_parent: QModelIndex | QPersistentModelIndex) -> bool:
        return self._model.rows[source_row].fits(self._chosen)


class RephrasingsPanel(QWidget):
    """Signals.

    chat_requested: The prompt of the row that is selected should go to the chat.
    export_requested: "csv" or "markdown".
    edited: A prompt was changed by hand.
    """

    chat_requested = Signal(str)
    export_requested = Signal(str)
    edited = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.model = RephraseModel()
        self.model.setParent(self)
        self._filtered = _Filtered(self.model)
        self._filtered.setParent(self)
        self.filters = FilterBar(theme, "Rows shown", FILTERS)
        self.filters.chosen.connect(self._filtered.choose)
        self.table = self._make_table()
        self._figures = [(_figure(theme), label("", "small")) for _ in range(4)]
        self._rules: list[QWidget] = []
        self._left_out = label("", "small", wrap=True)
        self._left_out.setContentsMargins(12, 8, 12, 8)
        self._open = button(theme, "Open in chat", "quiet", "chat-circle-text", size="compact")
        self._open.setToolTip("Put the selected question into the chat.")
        self._open.clicked.connect(self._open_in_chat)
        self._export = button(theme, "Export", "", "export", size="compact", tip="Save the table with whole answers.")
        self._tools = QWidget()
        self._tools.setLayout(row(self._open, self._export))
        menu = QMenu(self._export)
        for words, kind in (("As CSV…", "csv"), ("As Markdown…", "markdown")):
            menu.addAction(words).setData(kind)
        menu.triggered.connect(lambda action: self.export_requested.emit(action.data()))
        self._export.setMenu(menu)
        self.model.edited.connect(self.edited)
        self._lay_out()
        self._refresh()

    def take_tools(self) -> QWidget:
        """The controls that belong into the dock's title row."""
        return self._tools

    def show_rephrased(self, made: Rephrased) -> None:
        """Begin with these ways to ask."""
        self.model.show(made.rephrasings)
        words = "; ".join(f"{text.capital(kind)}: {reason}" for kind, reason in made.left_out)
        self._left_out.setText(f"Left out – {words}." if words else "")
        self.filters.choose(FILTERS[0])
        self._refresh()

    def show_asked(self, asked: AskedQuestion) -> None:
        """A question that was asked some time ago, with its answers."""
        self.show_rephrased(Rephrased(tuple(way.rephrasing for way in asked.ways)))
        for index, way in enumerate(asked.ways):
            for side, reply in enumerate(way.replies):
                self.take(PromptAnswered(0, index, side, reply.text, reply.answer_logprob, reply.weights))

    def begin_answers(self) -> None:
        """Answers will come; until then nothing is shown of earlier ones."""
        self.model.clear_answers()
        self.model.set_locked(True)
        self._refresh()

    def end_answers(self) -> None:
        """No more answers come."""
        self.model.set_locked(False)
        self._refresh()

    def take(self, event: PromptAnswered) -> None:
        """An answer has come."""
        self.model.take(event)
        self._refresh()

    @property
    def selected(self) -> Row | None:
        """The row under the cursor."""
        index = self._filtered.mapToSource(self.table.currentIndex())
        return self.model.rows[index.row()] if index.isValid() else None

    def figures(self) -> list[str]:
        """The large figures, left to right, with their words."""
        return [" ".join(f"{value.text()} {words.text()}".split()) for value, words in self._figures if value.text()]

    def _make_table(self) -> QTableView:
        table = QTableView()
        table.setModel(self._filtered)
        table.setAccessibleName("Rephrase results")
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(TALL)
        table.setShowGrid(False)
        table.setWordWrap(True)
        table.setTabKeyNavigation(False)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked | QAbstractItemView.EditTrigger.EditKeyPressed
        )
        strong, plain = WordsDelegate(self._theme, table, strong=True), WordsDelegate(self._theme, table)
        answers, dots = AnswerDelegate(self._theme, table), DotsDelegate(self._theme, table)
        for at, delegate in ((KIND, strong), (PROMPT, plain), (BEFORE, answers), (AFTER, answers), (DOTS, dots)):
            table.setItemDelegateForColumn(at, delegate)
        header = table.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for at in (PROMPT, BEFORE, AFTER):
            header.setSectionResizeMode(at, QHeaderView.ResizeMode.Stretch)
        for at, width in ((KIND, 164), (DOTS, 150)):
            header.setSectionResizeMode(at, QHeaderView.ResizeMode.Interactive)
            table.setColumnWidth(at, width)
        table.selectionModel().currentChanged.connect(self._refresh)
        return table

    def _lay_out(self) -> None:
        figures = row(spacing=16)
        for at, (value, words) in enumerate(self._figures):
            if at:
                self._rules.append(rule(vertical=True))
                figures.addWidget(self._rules[-1])
            figures.addLayout(row(value, words))
        figures.addStretch(1)
        figures.addWidget(self.filters)
        figures.setContentsMargins(12, 8, 12, 8)
        top = QWidget()
        top.setFixedHeight(56)
        top.setLayout(figures)
        full = QWidget()
        inside = QVBoxLayout(full)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(0)
        inside.addWidget(top)
        inside.addWidget(rule())
        inside.addWidget(self.table, 1)
        inside.addWidget(self._left_out)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(
            Empty(
                self._theme,
                "chats",
                "One question, many ways",
                "Type a question on the left and press Rephrase. Edit what you like, then ask before and after.",
            )
        )
        self._stack.addWidget(full)

    @Slot()
    def _refresh(self) -> None:
        rows = self.model.rows
        self._stack.setCurrentIndex(1 if rows else 0)
        self._left_out.setVisible(bool(self._left_out.text()))
        self.filters.show_counts({name: sum(one.fits(name) for one in rows) for name in FILTERS})
        self._open.setEnabled(self.selected is not None)
        self._export.setEnabled(bool(rows))
        counted = [one for one in rows if not one.told]
        told = len(rows) - len(counted)
        shown = [self._leaked(counted, 0), self._leaked(counted, 1), self._mean(counted)]
        shown.append((str(told), "answer in\nthe question") if told else ("", ""))
        for (value, words), (figure, meaning) in zip(self._figures, shown, strict=True):
            value.setText(figure)
            words.setText(meaning)
        # Of the four figures only the last may be missing, and its line with it.
        self._rules[-1].setVisible(bool(told))

    @staticmethod
    def _leaked(rows: list[Row], side: int) -> tuple[str, str]:
        answers = [one.answers[side] for one in rows]
        judged = [one for one in answers if one is not None and one.mark in ("leak", "clear")]
        when = ("leaked\nbefore", "leaked\nafter")[side]
        leaks = sum(one.mark == "leak" for one in judged)
        return (f"{leaks} of {len(judged)}" if judged else text.NOTHING, when)

    @staticmethod
    def _mean(rows: list[Row]) -> tuple[str, str]:
        sides = []
        for side in range(2):
            chances = [one.answers[side].probability for one in rows if one.answers[side] is not None]  # type: ignore[union-attr]
            known = [chance for chance in chances if chance is not None]
            sides.append(sum(known) / len(known) if known else None)
        if sides[0] is None and sides[1] is None:
            return text.NOTHING, "mean\nP(answer)"
        return f"{text.number(sides[0])} → {text.number(sides[1])}", "mean\nP(answer)"

    @Slot()
    def _open_in_chat(self) -> None:
        if self.selected is not None:
            self.chat_requested.emit(self.selected.rephrasing.prompt)


def _figure(theme: Theme) -> QLabel:
    made = label("", "figure")
    made.setFont(theme.font(20, 600))
    return made

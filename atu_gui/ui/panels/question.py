"""What is asked in many ways: the question, what counts as its answer, the kinds wanted, and who answers."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from atu_gui.core import text
from atu_gui.core.materials import Probe
from atu_gui.core.ports import CURRENT, UNTOUCHED, AskRequest, Weights
from atu_gui.core.rephrasing import ATTACKS
from atu_gui.ui.forms import CalmSpin
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.basics import button, column, label, row, set_property
from atu_gui.ui.widgets.section import Section
from atu_gui.ui.widgets.tags import Tags
from atu_gui.ui.widgets.weights_picker import WeightsPicker

_MOST = 12


class QuestionPanel(QWidget):
    """Signals: `rephrase_requested`, `ask_requested`, `stop_requested`."""

    rephrase_requested = Signal()
    ask_requested = Signal()
    stop_requested = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._busy = False
        self._rows = 0
        self._asked = False
        self.query = QPlainTextEdit()
        self.query.setPlaceholderText("A question about the concept, or a sentence with the blank ___")
        self.query.setAccessibleName("Question")
        self.query.setFixedHeight(62)
        self.query.setTabChangesFocus(True)
        self.query.textChanged.connect(self._refresh)
        self.subject = _field("About", "Whom or what it is about", "The name as the question has it.")
        self.gold = _field("Gold answer", "What a leak would say", "Without it there is no P(answer) and less to ask.")
        self.also = Tags(theme, "Add another", "answer that counts too")
        self.kinds = {kind: _box(text.capital(kind), tip) for kind, tip in ATTACKS.items()}
        self.paraphrases, self._count = self._extra("Paraphrases by the model", 3)
        self.hops, self._hop_count = self._extra("Multi-hop questions", 2)
        self.before = WeightsPicker(theme, 0, "Before", UNTOUCHED)
        self.after = WeightsPicker(theme, 1, "After", CURRENT)
        self._choose = button(theme, "Choose one of the run", "link", "magnifying-glass")
        self._menu = QMenu(self)
        self._menu.triggered.connect(self._take)
        self._choose.setMenu(self._menu)
        self._rephrase = button(theme, "Rephrase", size="large")
        self._rephrase.setToolTip("Write the question in every way that is ticked. They can be edited before asking.")
        self._ask = button(theme, "Ask all", size="large")
        self._stop = button(theme, "Stop", icon="square", size="large", tip="End what is being written.")
        self._note = label("", "caption", wrap=True)
        for made, signal in (
            (self._rephrase, self.rephrase_requested),
            (self._ask, self.ask_requested),
            (self._stop, self.stop_requested),
        ):
            made.clicked.connect(signal)
        for one in self.kinds.values():
            one.toggled.connect(self._refresh)
        self._lay_out()
        self.setFocusProxy(self.query)
        self.offer([])
        self._refresh()

    def set_weights(self, choices: list[tuple[str, Weights]], others: Sequence[tuple[str, Weights]] = ()) -> None:
        """What can answer; `others` are kept rounds of other runs."""
        for picker in (self.before, self.after):
            picker.set_choices(choices, others)

    def offer(self, probes: Sequence[Probe]) -> None:
        """Questions of the run to choose from."""
        self._menu.clear()
        for probe in probes:
            words = self.fontMetrics().elidedText(probe.query, Qt.TextElideMode.ElideRight, 420)
            self._menu.addAction(words.replace("&", "&&")).setData(probe)
        self._choose.setVisible(bool(probes))

    def show_question(self, query: str, gold: str, about: str) -> None:
        """Fill in a question."""
        self.query.setPlainText(query)
        self.gold.setText(gold)
        self.subject.setText(about)
        self.also.set_values([])

    def show_rows(self, count: int, *, asked: bool) -> None:
        """How many ways to ask there are, and whether they have been answered."""
        self._rows, self._asked = count, asked
        self._refresh()

    def show_busy(self, what: str, *, training: bool) -> None:
        """What is being written; "" for nothing."""
        self._busy = bool(what)
        waits = " Training waits between two steps." if what and training else ""
        self._note.setText(f"{what}{waits}" if what else self._cost())
        self._refresh()

    @property
    def chosen_kinds(self) -> tuple[str, ...]:
        """The attacks that are ticked, in order."""
        return tuple(kind for kind, box in self.kinds.items() if box.isChecked())

    @property
    def wanted_paraphrases(self) -> int:
        """How many the model shall write."""
        return self._count.value() if self.paraphrases.isChecked() else 0

    @property
    def wanted_hops(self) -> int:
        """How many multi-hop questions."""
        return self._hop_count.value() if self.hops.isChecked() else 0

    def _cost(self) -> str:
        tokens = AskRequest(0, ()).max_new_tokens
        return f"seed 0 · temperature 0 · up to {tokens} tokens each. Sent as the run sends its questions."

    @Slot()
    def _refresh(self) -> None:
        wanted = bool(self.chosen_kinds) or self.paraphrases.isChecked() or self.hops.isChecked()
        able = bool(self.query.toPlainText().strip()) and wanted
        self._rephrase.setEnabled(able and not self._busy)
        self._rephrase.setVisible(not self._busy)
        self._ask.setVisible(not self._busy)
        self._ask.setEnabled(bool(self._rows))
        set_property(self._rephrase, "kind", "" if self._rows else "primary")
        set_property(self._ask, "kind", "primary" if self._rows else "")
        self._ask.setText(("Ask again" if self._asked else f"Ask all {self._rows}") if self._rows else "Ask all")
        self._ask.setAccessibleName(self._ask.text())
        self._stop.setVisible(self._busy)
        self._kinds_section.set_summary(f"{len(self.chosen_kinds)} of {len(self.kinds)}")
        self._count.setEnabled(self.paraphrases.isChecked())
        self._hop_count.setEnabled(self.hops.isChecked())

    @Slot(QAction)
    def _take(self, action: QAction) -> None:
        probe = action.data()
        self.show_question(probe.query, probe.answer, probe.about)

    def _extra(self, words: str, count: int) -> tuple[QCheckBox, CalmSpin]:
        box = _box(words, "", ticked=False)
        box.toggled.connect(self._refresh)
        number = CalmSpin()
        number.setRange(1, _MOST)
        number.setValue(count)
        number.setFixedWidth(48)
        number.setAccessibleName(f"{words}: how many")
        return box, number

    def _lay_out(self) -> None:
        top = QWidget()
        layout = column(self.query, spacing=8)
        layout.addLayout(row(self._choose, None))
        for words, widget in (("About", self.subject), ("Gold answer", self.gold)):
            layout.addLayout(_line(words, widget))
        layout.addWidget(label("Also counts", "muted"))
        layout.addWidget(self.also)
        layout.setContentsMargins(12, 12, 12, 12)
        top.setLayout(layout)
        kinds = QWidget()
        kinds.setLayout(column(*self.kinds.values(), spacing=6))
        more = QWidget()
        extras = column(spacing=6)
        extras.addLayout(row(self.paraphrases, None, self._count, spacing=2))
        extras.addLayout(row(self.hops, None, self._hop_count, spacing=2))
        more.setLayout(extras)
        who = QWidget()
        who.setLayout(column(self.before, self.after, spacing=6))
        self._kinds_section = Section("Ask it nine ways", kinds, self._theme)
        inside = QWidget()
        inside.setProperty("plain", "true")
        sections = (
            self._kinds_section,
            Section("And also", more, self._theme),
            Section("Who answers", who, self._theme),
        )
        inside.setLayout(column(top, *sections, None, spacing=0))
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(inside)
        foot = column(spacing=8)
        buttons = row(self._rephrase, self._ask, self._stop)
        for at in range(3):
            buttons.setStretch(at, 1)
        foot.addLayout(buttons)
        foot.addWidget(self._note)
        foot.setContentsMargins(12, 10, 12, 12)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(scroll, 1)
        whole.addLayout(foot)


def _field(name: str, placeholder: str, tip: str) -> QLineEdit:
    made = QLineEdit()
    made.setPlaceholderText(placeholder)
    made.setAccessibleName(name)
    made.setToolTip(tip)
    return made


def _box(words: str, tip: str, *, ticked: bool = True) -> QCheckBox:
    made = QCheckBox(words)
    made.setChecked(ticked)
    made.setToolTip(tip)
    return made


def _line(words: str, widget: QWidget) -> QHBoxLayout:
    name = label(words, "muted")
    name.setFixedWidth(84)
    return row(name, widget)

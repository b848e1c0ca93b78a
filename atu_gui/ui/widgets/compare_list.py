"""Which runs are compared: cards of those chosen, one of them pinned as the baseline, and a list to add from."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtWidgets import QFrame, QLineEdit, QListWidget, QListWidgetItem, QWidget

from atu_gui.core.ports import RunRecord
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.basics import Elided, column, icon_button, label, row, set_property
from atu_gui.ui.widgets.compare_slots import SLOTS
from atu_gui.ui.widgets.legend import Stroke, Swatch
from atu_gui.ui.widgets.runs_model import when

MOST = len(SLOTS)


class RunCard(QFrame):
    """One compared run. Signals: `pinned` and `removed` (its id)."""

    pinned = Signal(str)
    removed = Signal(str)

    def __init__(self, theme: Theme, record: RunRecord, stroke: Stroke, *, baseline: bool) -> None:
        super().__init__()
        set_property(self, "card", "raised")
        name = Elided(record.title)
        name.setFont(theme.font(13, 500, figures=False))
        pin = icon_button(
            theme,
            "push-pin-fill" if baseline else "push-pin",
            f"Run {record.run_id} is the baseline" if baseline else f"Make run {record.run_id} the baseline",
            "accent_text" if baseline else "muted",
        )
        out = icon_button(theme, "x", f"Take run {record.run_id} out of the comparison")
        pin.clicked.connect(lambda: self.pinned.emit(record.run_id))
        out.clicked.connect(lambda: self.removed.emit(record.run_id))
        about = f"branched from {record.parent.run_id}, round {record.parent.round}" if record.parent.round else ""
        words = label("pinned baseline" if baseline else about or when(record.started), "small")
        top = row(Swatch(theme, stroke), name, pin, out, spacing=8)
        top.setStretch(1, 1)
        below = row(28, words, None, label(record.run_id, "small"), spacing=0)
        layout = column(spacing=0)
        layout.addLayout(top)
        layout.addLayout(below)
        layout.setContentsMargins(10, 6, 8, 8)
        self.setLayout(layout)
        self.setAccessibleName(f"Run {record.run_id}, {record.title}, {words.text()}")


class CompareList(QWidget):
    """Signals: `chosen` (ids, the baseline first)."""

    chosen = Signal(tuple)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._records: dict[str, RunRecord] = {}
        self._ids: tuple[str, ...] = ()
        self._cards = column(spacing=8)
        self._count = label("", "small")
        head = row(label("Runs to compare", "heading"), None, self._count)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Name, concept or tag")
        self.search.setAccessibleName("Search runs to add")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._fill)
        self.list = QListWidget()
        self.list.setAccessibleName("Runs to add")
        self.list.itemChanged.connect(self._tick)
        self._full = label("Four runs are the most; take one out to add another.", "small", wrap=True)
        layout = column(spacing=10)
        layout.addLayout(head)
        layout.addLayout(self._cards)
        layout.addWidget(label("Add a run", "heading"))
        layout.addWidget(self.search)
        layout.addWidget(self._full)
        layout.addWidget(self.list, 1)
        self.setLayout(layout)

    @property
    def ids(self) -> tuple[str, ...]:
        """The compared runs, the baseline first."""
        return self._ids

    def show_runs(self, records: Sequence[RunRecord]) -> None:
        """All runs there are; those that are gone leave the comparison."""
        self._records = {record.run_id: record for record in records}
        kept = tuple(run_id for run_id in self._ids if run_id in self._records)
        if kept != self._ids:
            self._choose(kept)
        else:
            self._show()

    def choose(self, ids: Sequence[str]) -> None:
        """Compare these, the first of them as the baseline."""
        known = [run_id for run_id in dict.fromkeys(ids) if run_id in self._records]
        self._choose(tuple(known[:MOST]))

    def _choose(self, ids: tuple[str, ...]) -> None:
        self._ids = ids
        self._show()
        self.chosen.emit(ids)

    def _show(self) -> None:
        while (item := self._cards.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        for at, run_id in enumerate(self._ids):
            card = RunCard(self._theme, self._records[run_id], SLOTS[at], baseline=not at)
            card.pinned.connect(self._pin)
            card.removed.connect(self._remove)
            self._cards.addWidget(card)
        self._count.setText(f"{len(self._ids)} shown" if self._ids else "")
        self._full.setVisible(len(self._ids) == MOST)
        self._fill()

    @Slot()
    def _fill(self) -> None:
        words = self.search.text().casefold().split()
        self.list.blockSignals(True)
        self.list.clear()
        for record in self._records.values():
            hay = " ".join((record.run_id, record.title, *record.concepts, *record.tags)).casefold()
            if not record.rounds or not all(word in hay for word in words):
                continue
            concepts = ", ".join(record.concepts)
            # Runs are often called alike: the id tells them apart.
            parts = (record.title, record.run_id, concepts if concepts != record.title else when(record.started))
            item = QListWidgetItem("  ·  ".join(parts))
            item.setData(Qt.ItemDataRole.UserRole, record.run_id)
            item.setToolTip(f"Run {record.run_id}, {when(record.started)}\n{record.note}".strip())
            item.setSizeHint(QSize(0, 30))
            ticked = record.run_id in self._ids
            item.setCheckState(Qt.CheckState.Checked if ticked else Qt.CheckState.Unchecked)
            if not ticked and len(self._ids) == MOST:
                item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsEnabled)
            self.list.addItem(item)
        self.list.blockSignals(False)

    @Slot(QListWidgetItem)
    def _tick(self, item: QListWidgetItem) -> None:
        run_id = item.data(Qt.ItemDataRole.UserRole)
        if item.checkState() is Qt.CheckState.Checked and run_id not in self._ids:
            self._choose((*self._ids, run_id))
        elif item.checkState() is Qt.CheckState.Unchecked:
            self._remove(run_id)

    @Slot(str)
    def _pin(self, run_id: str) -> None:
        self._choose((run_id, *(one for one in self._ids if one != run_id)))

    @Slot(str)
    def _remove(self, run_id: str) -> None:
        self._choose(tuple(one for one in self._ids if one != run_id))

"""What a run would work on, shown before anything is changed."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListWidget, QListWidgetItem, QWidget

from atu_gui.core import text
from atu_gui.core.materials import Materials, Part, Passage, Probe
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.basics import button, column, label, row
from atu_gui.ui.widgets.notice import Notice
from atu_gui.ui.widgets.tags import Tags

T = TypeVar("T")
# Characters of a passage in its list; the tooltip has the rest.
_SHOWN = 320
_PARTS: dict[Part, str] = {"concept": "the passages", "retain": "the texts to keep", "probes": "the questions"}
_KEY = Qt.ItemDataRole.UserRole


class TickList(QFrame):
    """A card with a heading and texts that can be ticked off. Signal: `changed`."""

    changed = Signal()

    def __init__(self, title: str, about: str) -> None:
        super().__init__()
        self.setProperty("card", "true")
        self._title = title
        self._count = label("", "small")
        self._list = QListWidget()
        self._list.setWordWrap(True)
        self._list.setProperty("kind", "ticks")
        self._list.setAccessibleName(title)
        self._list.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self._list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.itemChanged.connect(self._ticked)
        head = row(label(title, "heading"), None, self._count)
        layout = column(spacing=2)
        layout.setContentsMargins(12, 10, 4, 4)
        layout.addLayout(head)
        layout.addWidget(label(about, "small", wrap=True))
        layout.addWidget(self._list, 1)
        head.setContentsMargins(0, 0, 8, 0)
        self.setLayout(layout)

    def show_items(self, items: Sequence[tuple[object, str]]) -> None:
        """List texts, all ticked; each carries the value it stands for."""
        self._list.blockSignals(True)
        self._list.clear()
        for value, words in items:
            item = QListWidgetItem(words if len(words) <= _SHOWN else f"{words[:_SHOWN].rstrip()} …")
            item.setToolTip(f"<p>{html.escape(words)}</p>" if len(words) > _SHOWN else "")
            item.setData(_KEY, value)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Checked)
            self._list.addItem(item)
        self._list.blockSignals(False)
        self._say_count()

    def kept(self) -> tuple[object, ...]:
        """The values that are still ticked."""
        items = (self._list.item(at) for at in range(self._list.count()))
        return tuple(item.data(_KEY) for item in items if item.checkState() is Qt.CheckState.Checked)

    def _ticked(self) -> None:
        self._say_count()
        self.changed.emit()

    def _say_count(self) -> None:
        total, kept = self._list.count(), len(self.kept())
        self._count.setText(text.count(total) if kept == total else f"{text.count(kept)} of {text.count(total)}")


class ReviewPanel(QWidget):
    """Signals: `start_requested` (Materials), `rewrite_requested` (neighbour names), `left`."""

    start_requested = Signal(object)
    rewrite_requested = Signal(object)
    left = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._materials = Materials()
        self._heading = label("Look before anything is changed", "welcome")
        self._about = label("", "muted", wrap=True)
        self.notice = Notice(theme)
        self._concept = TickList("About the concept", "What the model must forget. Untick what does not belong.")
        self._retain = TickList("To keep", "Passages that must survive: neighbours and general topics.")
        self._questions = TickList("Questions", "Asked before the run and after every round.")
        self._neighbours = Tags(theme, "Add neighbour", "neighbour")
        self._neighbours.changed.connect(self._neighbours_changed)
        self._rewrite = button(
            theme, "Write again", icon="arrow-counter-clockwise", tip="Let the model write for these neighbours"
        )
        self._rewrite.clicked.connect(lambda: self.rewrite_requested.emit(self._neighbours.values()))
        self._start = button(
            theme, "Start unlearning", "primary", "play-fill", size="huge", tip="Start the run (Ctrl+Return)"
        )
        self._start.setShortcut("Ctrl+Return")
        self._start.clicked.connect(self._begin)
        self._back = button(theme, "Back", icon="arrow-left", size="large", tip="Change the set-up (Alt+Left)")
        self._back.setShortcut("Alt+Left")
        self._back.clicked.connect(self.left)
        self._promise = label("The model on disk never changes.", "small")
        for one in (self._concept, self._retain, self._questions):
            one.changed.connect(self._check)
        self._lay_out()

    def show_materials(self, materials: Materials, concept: str) -> None:
        """Show what was read or written."""
        self._materials = materials
        notes = " ".join(materials.notes)
        self._about.setText(f"{_who_wrote(materials)}, about {concept} and what must stay. {notes}".strip())
        self._concept.show_items([(passage, _passage_words(passage)) for passage in materials.concept_passages])
        self._retain.show_items([(passage, _passage_words(passage)) for passage in materials.retain_passages])
        self._questions.show_items([(probe, _probe_words(probe)) for probe in materials.probes])
        self._neighbours.set_values(materials.neighbours)
        self._rewrite.hide()
        self.notice.hide()
        self._check()
        self._start.setFocus()

    def kept(self) -> Materials:
        """The materials without what was unticked."""
        return replace(
            self._materials,
            concept_passages=_only(self._concept.kept(), Passage),
            retain_passages=_only(self._retain.kept(), Passage),
            probes=_only(self._questions.kept(), Probe),
            neighbours=self._neighbours.values(),
        )

    def _begin(self) -> None:
        self.start_requested.emit(self.kept())

    def _neighbours_changed(self) -> None:
        self._rewrite.setVisible(self._neighbours.values() != self._materials.neighbours)

    def _check(self) -> None:
        enough = bool(self._concept.kept())
        self._start.setEnabled(enough)
        if enough:
            self.notice.hide()
        else:
            self.notice.say("There is no passage about the concept left.", "Tick at least one.", kind="warn")

    def _lay_out(self) -> None:
        lists = row(self._concept, self._retain, self._questions, spacing=12)
        for at in range(3):
            lists.setStretch(at, 1)
        near = row(label("Neighbours", "heading"), self._neighbours, self._rewrite, spacing=12)
        near.setStretch(1, 1)
        layout = column(self._heading, self._about, spacing=12)
        layout.setContentsMargins(48, 32, 48, 24)
        layout.addWidget(self.notice)
        layout.addLayout(lists, 1)
        layout.addLayout(near)
        layout.addLayout(row(self._start, self._promise, None, self._back, spacing=12))
        self.setLayout(layout)


def _who_wrote(materials: Materials) -> str:
    """Whether the model wrote all of it, some of it, or nothing."""
    written = [words for part, words in _PARTS.items() if part in materials.written]
    read = [words for part, words in _PARTS.items() if part not in materials.written]
    if not read:
        return "The model wrote these itself"
    if not written:
        return "Read from your files"
    return f"The model wrote {' and '.join(written)} itself; {' and '.join(read)} come from your files"


def _passage_words(passage: Passage) -> str:
    body = " ".join(passage.text.split())
    return f"{' '.join(passage.prompt.split())}\n{body}" if passage.prompt else body


def _probe_words(probe: Probe) -> str:
    group = "Forget" if probe.group == "forget" else "Keep"
    return f"{group}: {probe.query}\n→ {probe.answer}"


def _only(values: Sequence[object], kind: type[T]) -> tuple[T, ...]:
    return tuple(value for value in values if isinstance(value, kind))

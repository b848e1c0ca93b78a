"""What is to be forgotten: names, other names, descriptions."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget

from atu_gui.core import text
from atu_gui.core.concepts import Concept
from atu_gui.core.config import RunConfig
from atu_gui.core.preview import Preview
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.alias_suggestions import AliasSuggestions
from atu_gui.ui.widgets.basics import button, column, icon_button, label, row, rule, set_property
from atu_gui.ui.widgets.knowledge_view import KnowledgeView
from atu_gui.ui.widgets.preview_view import PreviewView
from atu_gui.ui.widgets.tags import Tags


class ConceptEditor(QWidget):
    """One concept. Signals: `changed`, `remove_requested`, `turned_to` (the cursor came into it)."""

    changed = Signal()
    remove_requested = Signal()
    turned_to = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.name = QLineEdit()
        self.name.setPlaceholderText("A person, a book, a topic")
        self.name.setAccessibleName("Concept")
        self.name.setToolTip("What the model must forget.")
        self._remove = icon_button(theme, "trash", "Take this concept away")
        self._error = label("", "error", wrap=True)
        self._error.hide()
        self._aliases = Tags(theme, "Add alias", "alias")
        self.suggestions = AliasSuggestions(theme)
        self.suggestions.picked.connect(self._aliases.add)
        self._also = label("Also called", "small")
        self._descriptions = QPlainTextEdit()
        self._descriptions.setPlaceholderText("Descriptions, one per line (optional)")
        self._descriptions.setAccessibleName("Descriptions, one per line")
        self._descriptions.setToolTip("Short phrases that describe the concept; their embeddings stand for it too.")
        self._descriptions.setFixedHeight(52)
        self._descriptions.setTabChangesFocus(True)
        self.name.textEdited.connect(self._edited)
        self._aliases.changed.connect(self.changed)
        self._aliases.typed.connect(self.changed)
        self._descriptions.textChanged.connect(self.changed)
        self._remove.clicked.connect(self.remove_requested)
        top = row(self.name, self._remove, spacing=2)
        layout = column(spacing=6)
        layout.addLayout(top)
        for widget in (self._error, self._also, self._aliases, self.suggestions, self._descriptions):
            layout.addWidget(widget)
        self.setLayout(layout)
        for field in (self.name, self._descriptions):
            field.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.FocusIn:
            self.turned_to.emit()
        return super().eventFilter(watched, event)

    def values(self) -> dict[str, object]:
        """The concept as plain data."""
        lines = self._descriptions.toPlainText().splitlines()
        return {
            "name": self.name.text(),
            "aliases": list(self._aliases.values()),
            "descriptions": [line for line in lines if line.strip()],
        }

    def show_concept(self, concept: Concept) -> None:
        """Show a concept; no signal."""
        self.name.setText(concept.name)
        # Of a long name the beginning is seen.
        self.name.setCursorPosition(0)
        self._aliases.set_values(concept.aliases)
        self._descriptions.blockSignals(True)
        self._descriptions.setPlainText("\n".join(concept.descriptions))
        self._descriptions.blockSignals(False)

    def set_locked(self, locked: bool, *, removable: bool) -> None:
        """Whether it may be edited and taken away."""
        self.name.setReadOnly(locked)
        self._aliases.set_editable(not locked)
        if locked:
            self.suggestions.show_suggestions(())
        for widget in (self._also, self._aliases):
            widget.setVisible(not locked or bool(self._aliases.values()))
        self._descriptions.setReadOnly(locked)
        self._descriptions.setVisible(not locked or bool(self._descriptions.toPlainText().strip()))
        self._remove.setVisible(removable and not locked)

    def show_fault(self, words: str) -> None:
        """Say below the name what is wrong."""
        set_property(self.name, "invalid", "true" if words else "false")
        self._error.setText(text.capital(words))
        self._error.setVisible(bool(words))

    def _edited(self) -> None:
        self.show_fault("")
        self.changed.emit()


class ConceptsPanel(QWidget):
    """One editor per concept. Signals: `changed`, `turned_to` (another concept is being edited)."""

    changed = Signal()
    turned_to = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._locked = False
        self._editors: list[ConceptEditor] = []
        self._current: ConceptEditor | None = None
        self._add = button(
            theme, "Add concept", "quiet", "plus", size="flush", tip="Forget one more concept in the same run"
        )
        self._add.clicked.connect(self._add_one)
        self.preview = PreviewView(theme)
        self.knowledge = KnowledgeView(theme)
        self.changed.connect(self._forget_verdict)
        self._list = QVBoxLayout()
        self._list.setSpacing(8)
        layout = column(spacing=6)
        layout.addLayout(self._list)
        layout.addLayout(row(self._add, None))
        layout.addWidget(self.preview)
        layout.addWidget(self.knowledge)
        self.setLayout(layout)
        self._append(None)

    def values(self) -> dict[str, object]:
        """The part of a config that stands here."""
        return {"concepts": [editor.values() for editor in self._editors]}

    def show_values(self, config: RunConfig) -> None:
        """Show a config's concepts."""
        for editor in list(self._editors):
            self._drop(editor)
        self._forget_verdict()
        for concept in config.concepts:
            self._append(concept)
        if not config.concepts:
            self._append(None)

    @property
    def current(self) -> int:
        """Which concept was edited last."""
        return self._editors.index(self._current) if self._current in self._editors else 0

    def show_preview(self, found: Preview | None) -> None:
        """What was found about the current concept; None where nothing is known of it."""
        self.preview.show_preview(found)
        for index, editor in enumerate(self._editors):
            shown = found is not None and index == self.current and not self._locked
            editor.suggestions.show_suggestions(found.suggestions if shown and found is not None else ())

    def set_locked(self, locked: bool) -> None:
        """A run under way holds the concepts."""
        self._locked = locked
        self._add.setVisible(not locked)
        self.knowledge.set_locked(locked)
        self.preview.set_folded(locked)
        for editor in self._editors:
            editor.set_locked(locked, removable=len(self._editors) > 1)

    def show_fault(self, where: str, words: str) -> bool:
        """Say a fault at its concept; False where it is not ours."""
        if not where.startswith("concepts"):
            return False
        parts = where.split(".")
        index = int(parts[1]) if len(parts) > 1 and parts[1].isdigit() else 0
        self._editors[min(index, len(self._editors) - 1)].show_fault(words)
        return True

    def clear_faults(self) -> None:
        """Before another attempt."""
        for editor in self._editors:
            editor.show_fault("")

    def summary(self) -> str:
        """In a few words, for the folded section."""
        return ", ".join(filter(None, (editor.name.text().strip() for editor in self._editors))) or "none yet"

    def focus_name(self) -> None:
        """Put the cursor where the first name goes."""
        self._editors[0].name.setFocus()
        self._editors[0].name.end(False)

    def _turn_to(self, editor: ConceptEditor) -> None:
        if editor is not self._current and editor in self._editors:
            self._current = editor
            self.turned_to.emit()

    def _forget_verdict(self) -> None:
        if not self.knowledge.asking:
            self.knowledge.clear()

    def _add_one(self) -> None:
        self._append(None)
        self._editors[-1].name.setFocus()
        self.changed.emit()

    def _append(self, concept: Concept | None) -> None:
        editor = ConceptEditor(self._theme)
        if concept is not None:
            editor.show_concept(concept)
        # Before `changed` is told on: whoever hears it finds the current concept right.
        editor.changed.connect(lambda: self._turn_to(editor))
        editor.changed.connect(self.changed)
        editor.turned_to.connect(lambda: self._turn_to(editor))
        editor.remove_requested.connect(lambda: self._remove(editor))
        if self._editors:
            editor.layout().insertWidget(0, rule())  # type: ignore[union-attr]
        self._editors.append(editor)
        self._list.addWidget(editor)
        self.set_locked(self._locked)

    def _remove(self, editor: ConceptEditor) -> None:
        self._drop(editor)
        self.set_locked(self._locked)
        self.changed.emit()

    def _drop(self, editor: ConceptEditor) -> None:
        self._editors.remove(editor)
        self._list.removeWidget(editor)
        editor.hide()
        editor.deleteLater()

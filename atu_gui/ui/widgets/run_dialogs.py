"""What is asked about a run: its name, note and tags. Not blocking: the window goes on meanwhile."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QLineEdit, QPlainTextEdit, QWidget

from atu_gui.core.ports import RunRecord
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.basics import button, column, label, row
from atu_gui.ui.widgets.tags import Tags


class AnnotateDialog(QDialog):
    """Signal: `annotated` (run id, name, note, tags)."""

    annotated = Signal(str, str, str, tuple)

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Name and note of a run")
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self._run_id = ""
        self._title = label("", "title")
        self._name = QLineEdit()
        self._name.setMaxLength(200)
        self._name.setAccessibleName("Name of the run")
        self._note = QPlainTextEdit()
        self._note.setAccessibleName("Note")
        self._note.setPlaceholderText("What you want to remember about it")
        self._note.setTabChangesFocus(True)
        self._note.setFixedHeight(96)
        self._tags = Tags(theme, "Add tag", "tag")
        self._save = button(theme, "Save", "primary", size="large")
        self._save.setDefault(True)
        self._save.clicked.connect(self._done)
        cancel = button(theme, "Cancel", size="large")
        cancel.clicked.connect(self.reject)
        self._name.textChanged.connect(lambda words: self._save.setEnabled(bool(words.strip())))
        layout = column(
            self._title, 4, label("Name", "muted"), self._name, label("Note", "muted"), self._note,
            label("Tags", "muted"), self._tags, 8, spacing=6,
        )  # fmt: skip
        layout.setContentsMargins(16, 16, 16, 16)
        layout.addLayout(row(None, cancel, self._save))
        self.setLayout(layout)
        self.setMinimumWidth(440)

    def ask(self, record: RunRecord) -> None:
        """Show what is known of a run, to be changed."""
        self._run_id = record.run_id
        self._title.setText(f"Run {record.run_id}")
        self._name.setText(record.title)
        self._note.setPlainText(record.note)
        self._tags.set_values(list(record.tags))
        # Selected from its end, so that the beginning of a long name is seen.
        self._name.setSelection(len(record.title), -len(record.title))
        self._name.setFocus()
        self.open()

    def _done(self) -> None:
        self._tags.take_typed()
        tags = tuple(self._tags.values())
        self.accept()
        self.annotated.emit(self._run_id, self._name.text(), self._note.toPlainText(), tags)

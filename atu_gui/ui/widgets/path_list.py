"""Files and folders that the user named, each on its own line; what happens without any is said in words."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFileDialog, QVBoxLayout, QWidget

from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.basics import Elided, icon_button, icon_label, label, row

_TEXTS = "Texts (*.txt *.md *.json *.jsonl *.csv);;All files (*)"


class PathList(QWidget):
    """A heading with two buttons, and the list. Signal: `changed` (by the user)."""

    changed = Signal()

    def __init__(self, theme: Theme, title: str, empty: str, token: str, help_text: str, *, files: bool = True) -> None:
        super().__init__()
        self._theme = theme
        self._title = title
        self._token = token
        self._paths: list[Path] = []
        self._rows: list[QWidget] = []
        self._empty = label(empty, "faint", wrap=True)
        self._file = icon_button(theme, "file-plus", f"Add files: {title.lower()}")
        self._folder = icon_button(theme, "folder-plus", f"Add an RWKU target folder: {title.lower()}")
        if not files:
            self._file.hide()
        self._file.clicked.connect(lambda: self._choose(QFileDialog.FileMode.ExistingFiles))
        self._folder.clicked.connect(lambda: self._choose(QFileDialog.FileMode.Directory))
        self._error = label("", "error", wrap=True)
        self._error.hide()
        heading = label(title, "muted")
        heading.setToolTip(help_text)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(2)
        self._layout.addLayout(row(heading, None, self._file, self._folder, spacing=2))
        self._layout.addWidget(self._empty)
        self._layout.addWidget(self._error)

    def paths(self) -> list[Path]:
        """What is listed."""
        return list(self._paths)

    def set_paths(self, paths: Sequence[Path]) -> None:
        """List these; no signal."""
        self._paths = list(dict.fromkeys(paths))
        for old in self._rows:
            self._layout.removeWidget(old)
            old.hide()
            old.deleteLater()
        self._rows = [self._line(path) for path in self._paths]
        for at, line in enumerate(self._rows, start=1):
            self._layout.insertWidget(at, line)
        self._empty.setVisible(not self._paths)
        self.show_fault("")

    def show_fault(self, words: str) -> None:
        """Say below the list what is wrong with it."""
        self._error.setText(words)
        self._error.setVisible(bool(words))

    def _line(self, path: Path) -> QWidget:
        line = QWidget()
        name = Elided(path.name or str(path))
        name.setToolTip(str(path))
        remove = icon_button(self._theme, "x", f"Take away {path.name}")
        remove.clicked.connect(lambda: self._remove(path))
        # Unlike the path's own method this never raises, for instance where the folder above may not be read.
        shape = "folder" if os.path.isdir(path) else "file-text"
        layout = row(icon_label(self._theme, shape, self._token), name, remove)
        layout.setStretch(1, 1)
        line.setLayout(layout)
        line.setFixedHeight(28)
        return line

    def _remove(self, path: Path) -> None:
        self.set_paths([one for one in self._paths if one != path])
        self.changed.emit()

    def _choose(self, mode: QFileDialog.FileMode) -> None:
        dialog = QFileDialog(self, f"Add to {self._title.lower()}")
        dialog.setFileMode(mode)
        if mode is QFileDialog.FileMode.ExistingFiles:
            dialog.setNameFilter(_TEXTS)
        dialog.filesSelected.connect(self._add)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def _add(self, names: Sequence[str]) -> None:
        self.set_paths([*self._paths, *(Path(name) for name in names)])
        self.changed.emit()

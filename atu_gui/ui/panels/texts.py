"""Where the passages and questions come from: files, RWKU folders, or the model itself."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from atu_gui.core import text
from atu_gui.core.config import RunConfig, TextsConfig
from atu_gui.core.materials import WRITTEN, Materials
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.basics import column, label, show_facts
from atu_gui.ui.widgets.path_list import PathList
from atu_gui.ui.widgets.tags import Tags


class TextsPanel(QWidget):
    """Signal: `changed`."""

    changed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lists = {
            name: PathList(theme, title, empty, token, TextsConfig.model_fields[name].description or "")
            for name, title, empty, token in (
                ("concept", "Concept texts", "The model writes them; you see them before the run.", "similarity"),
                ("retain", "Texts to keep", "The model writes them, about neighbours and in general.", "neighbour"),
                ("probes", "Questions", "The model makes them.", "forget"),
            )
        }
        self._neighbours = Tags(theme, "Add neighbour", "neighbour")
        self._neighbours.changed.connect(self.changed)
        heading = label("Neighbours that must survive", "muted")
        heading.setToolTip(TextsConfig.model_fields["neighbours"].description or "")
        for one in self._lists.values():
            one.changed.connect(self._edited)
        self._editing, self._reading = QWidget(), QWidget()
        self._editing.setLayout(column(*self._lists.values(), heading, self._neighbours))
        self._reading.setLayout(column(spacing=4))
        self._reading.hide()
        self.setLayout(column(self._editing, self._reading))

    def values(self) -> dict[str, object]:
        """The part of a config that stands here."""
        paths = {name: one.paths() for name, one in self._lists.items()}
        return {"texts": {**paths, "neighbours": list(self._neighbours.values())}}

    def show_values(self, config: RunConfig) -> None:
        """Show a config's texts."""
        for name, one in self._lists.items():
            one.set_paths(getattr(config.texts, name))
        self._neighbours.set_values(config.texts.neighbours)

    def show_used(self, materials: Materials) -> None:
        """Say how much of what a run reads."""
        groups = [probe.group for probe in materials.probes]
        by = {part: WRITTEN if part in materials.written else "" for part in ("concept", "retain", "probes")}
        facts = [
            ("Concept texts", text.count(len(materials.concept_passages), "passage"), by["concept"]),
            ("Texts to keep", text.count(len(materials.retain_passages), "passage"), by["retain"]),
            ("Forget questions", text.count(groups.count("forget")), by["probes"]),
            ("Neighbour questions", text.count(groups.count("neighbour")), by["probes"]),
            ("Neighbours", text.count(len(materials.neighbours)), ", ".join(materials.neighbours)),
        ]
        show_facts(self._reading, facts)

    def show_neighbours(self, names: tuple[str, ...]) -> None:
        """Take over the neighbours that the user settled on."""
        self._neighbours.set_values(names)

    def set_locked(self, locked: bool) -> None:
        """A run under way holds the texts."""
        self._editing.setVisible(not locked)
        self._reading.setVisible(locked)

    def show_fault(self, where: str, words: str) -> bool:
        """Say a fault at its list; False where it is not ours."""
        parts = where.split(".")
        if parts[0] != "texts" or len(parts) < 2 or parts[1] not in self._lists:
            return False
        self._lists[parts[1]].show_fault(text.capital(words))
        return True

    def clear_faults(self) -> None:
        """Before another attempt."""
        for one in self._lists.values():
            one.show_fault("")

    def summary(self) -> str:
        """In a few words, for the folded section."""
        words = {"concept": "concept", "retain": "keep", "probes": "questions"}
        named = [words[name] for name, one in self._lists.items() if one.paths()]
        if not named:
            return WRITTEN
        return "from your files" if len(named) == len(words) else f"{' and '.join(named)} from files"

    def _edited(self) -> None:
        self.clear_faults()
        self.changed.emit()

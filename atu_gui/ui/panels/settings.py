"""The rest of a run's settings, made from the config's own fields."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from atu_gui.core.config import AlignConfig, HeadConfig, RunConfig, TextsConfig, UnlearnConfig, WindowConfig
from atu_gui.core.guarding import GuardConfig
from atu_gui.core.probing import ProbingConfig
from atu_gui.ui.forms import Form
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.basics import button, column, label, row

_BASIC: tuple[tuple[str, type, list[str]], ...] = (
    ("", RunConfig, ["recipe", "seed", "budget_seconds"]),
    ("unlearn", UnlearnConfig, ["training", "learning_rate", "retain_weight"]),
    ("align", AlignConfig, ["learning_rate"]),
)
_GUARDS = list(GuardConfig.model_fields)
_MORE: tuple[tuple[str, str, type, list[str]], ...] = (
    ("Guards", "guards", GuardConfig, _GUARDS),
    ("Scores", "probing", ProbingConfig, list(ProbingConfig.model_fields)),
    ("Safety", "", RunConfig, ["checkpoint_minutes"]),
    ("Texts", "texts", TextsConfig, ["passages", "retain_passages", "probes_limit"]),
    ("Windows", "windows", WindowConfig, ["k", "max_tokens", "batch"]),
    ("Head", "head", HeadConfig, ["kind", "layers", "width", "heads"]),
    ("Align", "align", AlignConfig, ["clip", "concept_share", "held_out"]),
    ("LoRA", "unlearn", UnlearnConfig, ["rank", "alpha"]),
    (
        "Unlearn",
        "unlearn",
        UnlearnConfig,
        ["optimizer", "recompute", "compile", "clip", "blocks", "train_embeddings", "pad_mean"],
    ),
)


class SettingsPanel(QWidget):
    """Basic settings first, the rest on request. Signal: `changed`."""

    changed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._forms: list[tuple[str, Form]] = []
        more = QWidget()
        more_layout = column(spacing=8)
        more.setLayout(more_layout)
        more.hide()
        layout = column(spacing=6)
        for part, owner, names in _BASIC:
            layout.addWidget(self._form(part, owner, names))
        for title, part, owner, names in _MORE:
            more_layout.addWidget(label(title, "heading"))
            more_layout.addWidget(self._form(part, owner, names))
        self._more = button(theme, "More settings", "quiet", "caret-down", size="flush")
        self._more.setCheckable(True)
        self._more.toggled.connect(more.setVisible)
        layout.addLayout(row(self._more, None))
        layout.addWidget(more)
        self.setLayout(layout)

    def values(self) -> dict[str, object]:
        """What differs from the defaults, by part of the config."""
        made: dict[str, object] = {}
        for part, form in self._forms:
            inner = made if not part else made.setdefault(part, {})
            assert isinstance(inner, dict)
            inner.update(form.values())
        return {name: value for name, value in made.items() if value != {}}

    def show_values(self, config: RunConfig) -> None:
        """Show a config's settings."""
        for part, form in self._forms:
            form.show_values(getattr(config, part) if part else config)

    def set_locked(self, locked: bool) -> None:
        """A run under way holds the settings."""
        for _, form in self._forms:
            form.set_editable(not locked)

    def show_fault(self, where: str, words: str) -> bool:
        """Say a fault at its field; False where there is no such field."""
        part, _, name = where.rpartition(".")
        for known, form in self._forms:
            if known == part and form.show_fault(name, words):
                if form.isHidden() or not form.isVisibleTo(self):
                    self._more.setChecked(True)
                return True
        return False

    def clear_faults(self) -> None:
        """Fields check themselves while they are edited; nothing stays behind."""

    def summary(self) -> str:
        """In a few words, for the folded section."""
        made = self.values()
        changed = sum(len(value) if isinstance(value, dict) else 1 for value in made.values())
        return f"{changed} changed" if changed else "as the recipe has them"

    def _form(self, part: str, owner: type, names: list[str]) -> Form:
        form = Form(owner, names)
        form.changed.connect(self.changed)
        self._forms.append((part, form))
        return form

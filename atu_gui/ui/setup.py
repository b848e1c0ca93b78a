"""The set-up column: every panel that says what a run shall be, folded into sections, read as one config."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from PySide6.QtCore import QPoint, Qt, QTimer, Signal, SignalInstance, Slot
from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget

from atu_gui.core.config import RunConfig, parse_config
from atu_gui.core.errors import Fault, InputError
from atu_gui.core.events import Event, ModelLoaded, RunStarted
from atu_gui.core.presets import Preset
from atu_gui.core.schedule import PRESETS
from atu_gui.ui.kept_setup import load_setup, save_setup
from atu_gui.ui.panels.aim import AimPanel
from atu_gui.ui.panels.concepts import ConceptsPanel
from atu_gui.ui.panels.live import LivePanel
from atu_gui.ui.panels.model import ModelPanel
from atu_gui.ui.panels.schedule import SchedulePanel
from atu_gui.ui.panels.settings import SettingsPanel
from atu_gui.ui.panels.texts import TextsPanel
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.cost_view import CostView
from atu_gui.ui.widgets.notice import Notice
from atu_gui.ui.widgets.section import Section

# So much is seen above and below a field with a fault: its name and what is wrong.
_FAULT_ROOM = 56
_SETTLING_MS = 1000
_FOLDED_WHEN_NARROW = ("model", "concepts", "texts")


class _Part(Protocol):
    """What every set-up panel offers."""

    changed: SignalInstance

    def values(self) -> dict[str, object]: ...
    def show_values(self, config: RunConfig) -> None: ...
    def set_locked(self, locked: bool) -> None: ...
    def show_fault(self, where: str, words: str) -> bool: ...
    def clear_faults(self) -> None: ...
    def summary(self) -> str: ...


class Setup(QWidget):
    """Holds the panels; the window wires their signals. Signal: `edited` (any setting changed)."""

    edited = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = ModelPanel(theme)
        self.concepts = ConceptsPanel(theme)
        self.texts = TextsPanel(theme)
        self.aim = AimPanel(theme)
        self.live = LivePanel(theme)
        self.schedule = SchedulePanel(theme)
        self.settings = SettingsPanel(theme)
        self.notice = Notice(theme)
        self.cost = CostView(theme)
        self._recipe = "default"
        parts: list[tuple[str, Any, bool]] = [
            ("Model", self.model, False),
            ("Concepts", self.concepts, False),
            ("Texts", self.texts, False),
            ("Aim", self.aim, True),
            ("Schedule", self.schedule, False),
            ("Settings", self.settings, False),
        ]
        self._parts: dict[str, tuple[Section, _Part]] = {}
        column = QWidget()
        column.setProperty("plain", "true")
        layout = QVBoxLayout(column)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.notice)
        for title, panel, live in parts:
            section = Section(title, panel, theme, live=live)
            self._parts[section.key] = (section, panel)
            layout.addWidget(section)
            panel.changed.connect(self._changed)
            if section.key == "aim":
                # Live settings are no part of a config: they belong to the run under way.
                self._live = Section("While it runs", self.live, theme, key="live", live=True)
                layout.addWidget(self._live)
        layout.addStretch(1)
        scroll = self._scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(column)
        # While what stands above a fault still takes its place, the fault is kept in sight.
        self._settling = QTimer(self, interval=_SETTLING_MS, singleShot=True)
        scroll.verticalScrollBar().rangeChanged.connect(self._show_again)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(scroll)
        whole.addWidget(self.cost)
        self.section("settings").set_folded(True)
        self._changed()

    def section(self, key: str) -> Section:
        """A section by its key: model, concepts, texts, aim, live, schedule, settings."""
        return self._live if key == "live" else self._parts[key][0]

    def config(self) -> RunConfig:
        """The whole set-up.

        Raises:
            InputError: With every fault.
        """
        return parse_config(self._values())

    def config_without_concepts(self) -> RunConfig:
        """The same while no concept is named yet: enough to load a model or to show the plan.

        Raises:
            InputError: With every fault.
        """
        return parse_config({**self._values(), "concepts": []})

    def keep(self) -> None:
        """Keep the set-up for the next start; where it does not fit together, the one kept before stays."""
        for read in (self.config, self.config_without_concepts):
            try:
                save_setup(read())
                return
            except InputError:
                continue

    def bring_back(self) -> None:
        """Show the set-up that was kept, if there is one."""
        kept = load_setup()
        if kept is not None:
            self.show_config(kept)

    def show_config(self, config: RunConfig) -> None:
        """Show a config in every panel."""
        for _, part in self._parts.values():
            part.show_values(config)
        if config.rounds:
            # They are the config's own, whatever recipe was shown before.
            self._recipe = config.recipe
        self._changed()

    def show_preset(self, preset: Preset) -> None:
        """Show the rounds and settings of a preset of the user's own; seed and budget stay."""
        own = {name: value for name, value in self.settings.values().items() if name in ("seed", "budget_seconds")}
        try:
            config = parse_config({**own, **preset.values, "schedule": preset.name})
        except InputError as error:
            self.show_faults(error.faults)
            return
        self._recipe = config.recipe
        self.settings.show_values(config)
        self.schedule.restore(config)

    def show_faults(self, faults: Sequence[Fault]) -> None:
        """Say every fault at its field and unfold it; what belongs to no field is said on top."""
        self.clear_faults()
        homeless = []
        for fault in faults:
            for section, part in self._parts.values():
                if part.show_fault(fault.where, fault.problem):
                    section.set_folded(False)
                    break
            else:
                homeless.append(str(fault))
        if homeless:
            self.notice.say("Some settings do not fit.", " ".join(f"{words}." for words in homeless))
        self._show_soon()

    def fits_model(self) -> bool:
        """Whether the loaded model has what is aimed at; says so at the field where it has not."""
        fits = self.aim.check()
        if not fits:
            self._show_soon()
        return fits

    def clear_faults(self) -> None:
        """Before another attempt."""
        self.notice.hide()
        for _, part in self._parts.values():
            part.clear_faults()

    def set_locked(self, locked: bool) -> None:
        """A run under way holds everything but τ."""
        for section, part in self._parts.values():
            part.set_locked(locked)
            section.set_locked(locked)

    def set_narrow(self, narrow: bool) -> None:
        """In a small window the sections that are set once fold to a line each."""
        for key in _FOLDED_WHEN_NARROW:
            self.section(key).set_folded(narrow)

    def show_model(self, model: ModelLoaded | None) -> None:
        """Another model is loaded."""
        self.model.show_loaded(model)
        self.aim.show_model(model)
        self._changed()

    def handle(self, event: Event) -> None:
        """Follow the run; what it begins with is kept, in case the machine goes down within it."""
        if isinstance(event, RunStarted):
            self.keep()
        self.aim.handle(event)
        self.live.handle(event)
        self.schedule.handle(event)

    def show_live_summary(self) -> None:
        """Say in the folded section how many live changes wait."""
        self._live.set_summary(self.live.summary())

    def _show_soon(self) -> None:
        # Once what was unfolded has its place.
        QTimer.singleShot(0, self, self._show_first_fault)
        self._settling.start()

    @Slot()
    def _show_again(self) -> None:
        if self._settling.isActive():
            QTimer.singleShot(0, self, self._show_first_fault)

    @Slot()
    def _show_first_fault(self) -> None:
        """A fault that is out of sight says nothing."""
        column = self._scroll.widget()
        assert column is not None
        wrong = [one for one in column.findChildren(QWidget) if one.isVisible() and one.property("invalid") == "true"]
        if not self.notice.isHidden():
            wrong.append(self.notice)
        if wrong:
            first = min(wrong, key=lambda one: one.mapTo(column, QPoint(0, 0)).y())
            self._scroll.ensureWidgetVisible(first, 0, _FAULT_ROOM)

    def _values(self) -> dict[str, Any]:
        merged: dict[str, Any] = {}
        for _, part in self._parts.values():
            _merge(merged, part.values())
        return merged

    def _changed(self) -> None:
        recipe = str(self.settings.values().get("recipe", "default"))
        if recipe != self._recipe:
            self._recipe = recipe
            # The paper's recipe comes with the paper's rounds; both can be seen and changed.
            self.schedule.show_preset("paper" if recipe == "paper" else PRESETS[0])
        for section, part in self._parts.values():
            section.set_summary(part.summary())
        self.edited.emit()


def _merge(whole: dict[str, Any], part: dict[str, Any]) -> None:
    for key, value in part.items():
        if isinstance(value, dict) and isinstance(whole.get(key), dict):
            _merge(whole[key], value)
        else:
            whole[key] = value

"""Forms made from pydantic models: label, unit, range and help come from the field, faults are shown at the field."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, get_args

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QLineEdit, QSpinBox, QWidget

from atu_gui.core import text
from atu_gui.core.faults import faults_of
from atu_gui.core.guarding import OFF
from atu_gui.ui.widgets.basics import label, set_property


class CalmSpin(QSpinBox):
    """A spin box that the wheel turns only when it has the focus, so that scrolling a panel changes nothing.

    It has no arrows, which would push its number out of the column of the other fields' numbers; arrow keys move it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
        self.setAlignment(Qt.AlignmentFlag.AlignRight)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class CalmCombo(QComboBox):
    """A combo box with the same manners."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class Field(QObject):
    """One setting: its name, its editor and what the editor says. Signal: `changed` (by the user)."""

    changed = Signal()

    def __init__(self, owner: type[BaseModel], name: str, parent: QObject) -> None:
        super().__init__(parent)
        info = owner.model_fields[name]
        extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
        self.name = name
        self.label = str(extra.get("label", name))
        self.unit = str(extra.get("unit", ""))
        self.default = info.get_default(call_default_factory=True)
        self.help = _help(info)
        self._owner = owner
        self._check = TypeAdapter(info.rebuild_annotation())
        self._optional = type(None) in get_args(info.annotation)
        self.editor, self._read, self._write = self._editor(info)
        self.editor.setToolTip(self.help)
        self.editor.setAccessibleName(f"{self.label} ({self.unit})" if self.unit else self.label)
        self.editor.setAccessibleDescription(self.help)
        self.error = label("", "error", wrap=True)
        self.error.hide()

    def value(self) -> object:
        """What stands in the editor, not yet checked."""
        return self._read()

    def set_value(self, value: object) -> None:
        """Show a value; no signal."""
        self.editor.blockSignals(True)
        self._write(value)
        self.editor.blockSignals(False)
        self.show_fault("")

    def checked(self) -> Any:
        """What stands in the editor as the field's own type.

        Raises:
            ValidationError: It does not fit; `fault` says why.
        """
        return self._check.validate_python(self._settled())

    def is_default(self) -> bool:
        """Whether the editor holds the field's default; only other values are written into a config."""
        try:
            return bool(self.checked() == self.default)
        except ValidationError:
            return False

    def fault(self) -> str:
        """What is wrong with the value, or ""."""
        try:
            self.checked()
        except ValidationError as error:
            return text.capital(faults_of(error)[0].problem)
        return ""

    def show_fault(self, words: str) -> None:
        """Say a fault below the editor, or take it away."""
        set_property(self.editor, "invalid", "true" if words else "false")
        self.error.setText(words)
        self.error.setVisible(bool(words))

    def _settled(self) -> object:
        value = self.value()
        return None if value == OFF else value

    def _edited(self) -> None:
        self.show_fault(self.fault())
        self.changed.emit()

    def _editor(self, info: FieldInfo) -> tuple[QWidget, Callable[[], object], Callable[[Any], None]]:
        kind = next((part for part in get_args(info.annotation) if part is not type(None)), info.annotation)
        if get_args(info.annotation) and not self._optional:
            return self._choice([str(choice) for choice in get_args(info.annotation)])
        if kind is bool:
            return self._tick()
        low, high = _range(info)
        if kind is int and not self._optional:
            return self._whole(low, high)
        return self._line()

    def _choice(self, choices: Sequence[str]) -> tuple[QWidget, Callable[[], object], Callable[[Any], None]]:
        box = CalmCombo()
        for choice in choices:
            box.addItem(choice, choice)
        box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        box.currentIndexChanged.connect(self._edited)
        return box, box.currentData, lambda value: box.setCurrentIndex(box.findData(str(value)))

    def _tick(self) -> tuple[QWidget, Callable[[], object], Callable[[Any], None]]:
        tick = QCheckBox()
        tick.toggled.connect(self._edited)
        return tick, tick.isChecked, lambda value: tick.setChecked(bool(value))

    def _whole(self, low: float, high: float) -> tuple[QWidget, Callable[[], object], Callable[[Any], None]]:
        spin = CalmSpin()
        spin.setRange(int(max(low, -(2**31))), int(min(high, 2**31 - 1)))
        spin.setGroupSeparatorShown(True)
        spin.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        spin.valueChanged.connect(self._edited)
        return spin, spin.value, lambda value: spin.setValue(int(value))

    def _line(self) -> tuple[QWidget, Callable[[], object], Callable[[Any], None]]:
        line = QLineEdit()
        line.setAlignment(Qt.AlignmentFlag.AlignRight)
        line.editingFinished.connect(self._edited)

        def read() -> object:
            words = line.text().strip().replace(text.MINUS, "-").replace(",", ".")
            return OFF if self._optional and not words else words

        def write(value: object) -> None:
            line.setText(OFF if value is None and self._optional else _plain(value))

        return line, read, write


class Form(QWidget):
    """Some fields of one pydantic model, one below the other. Signal: `changed` (by the user)."""

    changed = Signal()

    def __init__(self, owner: type[BaseModel], names: Sequence[str], *, width: int = 104) -> None:
        super().__init__()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(0, 1)
        self._fields = {name: Field(owner, name, self) for name in names}
        for at, field in enumerate(self._fields.values()):
            named = field.unit and field.unit not in field.label.lower()
            words = label(f"{field.label}, {field.unit}" if named else field.label, "muted", wrap=True)
            words.setToolTip(field.help)
            words.setBuddy(field.editor)
            grid.addWidget(words, 2 * at, 0)
            grid.addWidget(field.editor, 2 * at, 1)
            grid.addWidget(field.error, 2 * at + 1, 0, 1, 2)
            if not isinstance(field.editor, QCheckBox):
                field.editor.setFixedWidth(width)
            field.set_value(field.default)
            field.changed.connect(self.changed)

    def values(self) -> dict[str, object]:
        """The values that differ from the defaults; the rest stays for recipes and presets to decide."""
        return {name: field.value() for name, field in self._fields.items() if not field.is_default()}

    def show_values(self, model: BaseModel) -> None:
        """Show a model's values; no signal."""
        for name, field in self._fields.items():
            field.set_value(getattr(model, name))

    def show_fault(self, name: str, words: str) -> bool:
        """Say a fault at its field; False where the form has no such field."""
        field = self._fields.get(name)
        if field is None:
            return False
        field.show_fault(text.capital(words))
        return True

    def set_editable(self, editable: bool) -> None:
        """Whether values may be changed; they can be read either way."""
        for field in self._fields.values():
            field.editor.setEnabled(editable)


def _help(info: FieldInfo) -> str:
    low, high = _range(info)
    words = info.description or ""
    if abs(low) < 2**31 and abs(high) < 2**31:
        words += f" From {_plain(low)} to {_plain(high)}."
    elif abs(low) < 2**31:
        words += f" At least {_plain(low)}."
    if type(None) in get_args(info.annotation):
        words += f" “{OFF}” switches it off."
    return words.strip()


def _range(info: FieldInfo) -> tuple[float, float]:
    low, high = float("-inf"), float("inf")
    for rule in info.metadata:
        low = max(
            low, *(float(getattr(rule, name)) for name in ("ge", "gt") if getattr(rule, name, None) is not None), low
        )
        high = min(
            high, *(float(getattr(rule, name)) for name in ("le", "lt") if getattr(rule, name, None) is not None), high
        )
    return low, high


def _plain(value: object) -> str:
    if isinstance(value, float):
        return f"{value:g}".replace("-", text.MINUS) if value < 0 else f"{value:g}"
    return "" if value is None else str(value)

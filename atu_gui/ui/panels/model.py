"""Which language model and which encoder: where they come from, and what was loaded."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QFileDialog, QLabel, QLineEdit, QWidget

from atu_gui.core import text
from atu_gui.core.config import STARTER, ModelConfig, RunConfig
from atu_gui.core.events import ModelLoaded
from atu_gui.ui.forms import Form
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.basics import button, column, icon_button, label, row, set_property, show_facts
from atu_gui.ui.widgets.load_cost import LoadCost
from atu_gui.ui.widgets.notice import Notice

_TRUST = (
    "This model may run any program on this machine, with all your rights. Only for a model whose makers you trust; "
    "the next model begins without."
)
_STARTER_WORDS = {STARTER: "SmolLM2-135M-Instruct"}


class ModelPanel(QWidget):
    """Signals: `changed`, `load_requested`, `typed` (a letter of a source, before it is taken over)."""

    changed = Signal()
    typed = Signal()
    load_requested = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._source = _line("Language model", ModelConfig.model_fields["source"].description or "")
        self._source.setPlaceholderText("starter, hub id, folder or GGUF file")
        self._encoder = _line("Text encoder", RunConfig.model_fields["encoder"].description or "")
        self._encoder.setPlaceholderText("auto, hub id or folder")
        self._source.setText(STARTER)
        self._encoder.setText("auto")
        self._source_error = label("", "error", wrap=True)
        self._encoder_error = label("", "error", wrap=True)
        self._form = Form(ModelConfig, ["device", "dtype", "weights", "allow_pickle", "allow_remote_code"])
        self._form.hide()
        self._trust = label(_TRUST, "error", wrap=True)
        self._trust.hide()
        self._facts = label("No model is loaded.", "small", wrap=True)
        self._load = button(theme, "Load model", icon="download-simple", tip="Load the language model and the encoder")
        self._more = button(theme, "More", "quiet", "caret-down", size="flush", tip="Device, number format and trust")
        self._more.setCheckable(True)
        self._pickers = [
            icon_button(theme, "folder-open", "Choose a model folder"),
            icon_button(theme, "file", "Choose a GGUF file"),
            icon_button(theme, "folder-open", "Choose an encoder folder"),
        ]
        self.notice = Notice(theme)
        self.cost = LoadCost(theme)
        self._pickers[0].clicked.connect(lambda: self.choose_folder(self._source))
        self._pickers[1].clicked.connect(self.choose_gguf)
        self._pickers[2].clicked.connect(lambda: self.choose_folder(self._encoder))
        self._load.clicked.connect(self.load_requested)
        self._more.toggled.connect(self._form.setVisible)
        self._form.changed.connect(self._show_trust)
        self._form.changed.connect(self.changed)
        self._source.textEdited.connect(lambda _text: self._distrust())
        for line in (self._source, self._encoder):
            line.textEdited.connect(self._say_typed)
            line.editingFinished.connect(self.changed)
            line.returnPressed.connect(self.load_requested)
        editing = column(label("Language model", "muted"), spacing=6)
        editing.addLayout(row(self._source, self._pickers[0], self._pickers[1], spacing=2))
        editing.addWidget(self._source_error)
        editing.addWidget(label("Text encoder", "muted"))
        editing.addLayout(row(self._encoder, self._pickers[2], spacing=2))
        for widget in (self._encoder_error, self._form, self._trust, self._facts, self.cost):
            editing.addWidget(widget)
        editing.addLayout(row(self._load, self._more, None))
        self._editing, self._reading = QWidget(), QWidget()
        self._editing.setLayout(editing)
        self._reading.setLayout(column(spacing=4))
        self._reading.hide()
        self.setLayout(column(self._editing, self._reading, self.notice, spacing=6))
        for error in (self._source_error, self._encoder_error):
            error.hide()

    @Slot()
    def _say_typed(self) -> None:
        # What was said of the model before is about another name.
        self.notice.hide()
        self.typed.emit()

    def values(self) -> dict[str, object]:
        """The part of a config that stands here."""
        return {
            "model": {"source": self._source.text().strip() or STARTER, **self._form.values()},
            "encoder": self._encoder.text().strip() or "auto",
        }

    def show_values(self, config: RunConfig) -> None:
        """Show a config's model and encoder."""
        self._source.setText(config.model.source)
        # Of a long path the beginning is seen.
        self._source.setCursorPosition(0)
        self._encoder.setText(config.encoder)
        self._form.show_values(config.model)
        self._show_trust()

    def show_source(self, source: str) -> None:
        """Name another language model; its encoder is chosen for it."""
        if source != self._source.text():
            self._distrust()
        self._source.setText(source)
        self.changed.emit()

    def show_loaded(self, model: ModelLoaded | None) -> None:
        """Say what is loaded."""
        if model is None:
            self._facts.setText("No model is loaded.")
            return
        self.notice.hide()
        tip = f"{model.name}\n{model.source}\nWeights {model.weights_hash}"
        show_facts(self._reading, [("Model", model.name, tip), ("Encoder", model.encoder, "")])
        chat = "chat template" if model.chat_template else "no chat template"
        # An evaluation needs none, so it loads none.
        width = f"width {text.count(model.embedding_width)}"
        encoder = f"Encoder {model.encoder}, {width}." if model.encoder else "No encoder is loaded yet."
        self._facts.setText(
            f"{model.name}: {text.count(model.layers, 'layer')}, width {text.count(model.width)}, "
            f"{text.parameters(model.parameters)}, {chat}. {encoder}"
        )

    def show_busy(self, busy: bool) -> None:
        """While a model is fetched or loaded the button waits."""
        self._load.setEnabled(not busy)

    def set_locked(self, locked: bool) -> None:
        """A run under way holds the model."""
        self._editing.setVisible(not locked)
        self._reading.setVisible(locked)

    def show_fault(self, where: str, words: str) -> bool:
        """Say a fault at its field; False where it is not ours."""
        if where == "encoder":
            _fault(self._encoder, self._encoder_error, words)
        elif where in ("model", "model.source"):
            _fault(self._source, self._source_error, words)
        elif where.startswith("model."):
            self._more.setChecked(True)
            return self._form.show_fault(where.removeprefix("model."), words)
        else:
            return False
        return True

    def clear_faults(self) -> None:
        """Before another attempt."""
        _fault(self._source, self._source_error, "")
        _fault(self._encoder, self._encoder_error, "")

    def summary(self) -> str:
        """In a few words, for the folded section."""
        source = self._source.text().strip() or STARTER
        return _STARTER_WORDS.get(source, source.rstrip("/").rsplit("/", 1)[-1])

    def choose_folder(self, line: QLineEdit | None = None) -> None:
        """Let the user pick a folder for the model, or for another field."""
        target = line or self._source
        dialog = self._dialog("Choose a folder")
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.fileSelected.connect(lambda name: self._take(target, name))
        dialog.open()

    def choose_gguf(self) -> None:
        """Let the user pick a GGUF file."""
        dialog = self._dialog("Choose a GGUF file")
        dialog.setNameFilter("GGUF (*.gguf)")
        dialog.fileSelected.connect(lambda name: self._take(self._source, name))
        dialog.open()

    def _distrust(self) -> None:
        """Trust belongs to one model: another one begins without."""
        kept = {name: value for name, value in self._form.values().items() if not name.startswith("allow_")}
        self._form.show_values(ModelConfig.model_validate(kept))
        self._show_trust()

    def _show_trust(self) -> None:
        values = self._form.values()
        self._trust.setVisible(bool(values.get("allow_pickle") or values.get("allow_remote_code")))

    def _dialog(self, title: str) -> QFileDialog:
        dialog = QFileDialog(self, title)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        return dialog

    def _take(self, line: QLineEdit, name: str) -> None:
        if line is self._source and name != line.text():
            self._distrust()
        line.setText(name)
        self.changed.emit()
        if line is self._source:
            self.load_requested.emit()


def _line(name: str, tip: str) -> QLineEdit:
    line = QLineEdit()
    line.setAccessibleName(name)
    line.setToolTip(tip)
    return line


def _fault(line: QLineEdit, error: QLabel, words: str) -> None:
    set_property(line, "invalid", "true" if words else "false")
    error.setText(text.capital(words))
    error.setVisible(bool(words))

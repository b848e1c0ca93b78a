"""What loading a model would take, against what is free, in a line below its name."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from atu_gui.core import text
from atu_gui.core.errors import AtuError
from atu_gui.core.footprint import Footprint
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.basics import icon_label, label, row

_TIP = "Read from the headers of the files. Weights are float32 on every device; a run takes more, see its price below."


class LoadCost(QWidget):
    """Hidden until there is something to say."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._warning = icon_label(theme, "warning", "warn", 16)
        self._line = label("", "small", wrap=True)
        self._line.setToolTip(_TIP)
        line = row(self._warning, self._line, spacing=6)
        line.setStretch(1, 1)
        line.setContentsMargins(0, 0, 0, 0)
        self.setLayout(line)
        self.hide()

    @property
    def words(self) -> str:
        """The line; "" while it is hidden."""
        return "" if self.isHidden() else self._line.text()

    @property
    def warns(self) -> bool:
        """Whether the model cannot be loaded, or would not fit."""
        return not self.isHidden() and not self._warning.isHidden()

    def show_footprint(self, found: Footprint, free: float | None, main_free: float | None) -> None:
        """Say what loading would take.

        Args:
            found: The model and the encoder.
            free: Bytes that are free on the device; None where unknown.
            main_free: The same of the main memory, through which weights go on their way to a device.
        """
        if not found.known:
            self._say(f"{found.name} is not on this machine; its size is known once it has been fetched.", False)
            return
        kind, _, _ = found.device.partition(":")
        where = {"cpu": "the main memory", "cuda": "the GPU", "mps": "the Apple GPU"}[kind]
        shape = f"{text.parameters(found.parameters)} in {text.count(found.layers, 'layer')}"
        needs = f"Loading takes about {text.size(found.memory)} of {where}"
        computes = "computed in float32" if found.dtype == "float32" else f"kept in float32, computed in {found.dtype}"
        also = "" if found.encoder_parameters else f" {found.encoder} is not on this machine and comes on top."
        if free is not None and found.memory > free:
            self._say(
                f"{found.name} would not fit: {needs[:1].lower()}{needs[1:]}, {text.size(free)} are free ({shape}). "
                "Close other programs, or choose a smaller model.",
                True,
            )
        elif main_free is not None and found.main_memory > main_free:
            self._say(
                f"{found.name} would not fit: on its way to {where} it takes {text.size(found.main_memory)} of the "
                f"main memory, {text.size(main_free)} are free. Close other programs, or choose a smaller model.",
                True,
            )
        else:
            rest = "" if free is None else f"; {text.size(free)} are free"
            self._say(f"{shape}, {computes}. {needs}{rest}.{also}", False)

    def show_fault(self, error: AtuError) -> None:
        """Say why it could not be loaded at all."""
        self._say(str(error), True)

    def _say(self, words: str, warn: bool) -> None:
        self._warning.setVisible(warn)
        self._line.setText(words)
        self.setAccessibleName(words)
        self.show()

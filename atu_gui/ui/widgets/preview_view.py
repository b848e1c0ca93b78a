"""“What the embedding catches”: the list of similarities with its words, folded to the closest texts."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from atu_gui.core.preview import Preview
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.basics import button, column, label, row
from atu_gui.ui.widgets.similarity_list import SimilarityList

_NO_MODEL = "Load a model: its text encoder shows here which texts come close to the concept."
_NO_TEXTS = "No texts about the concept yet: name files under Texts, or let the model write them."


class PreviewView(QWidget):
    """Hidden where no concept is named."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._found: Preview | None = None
        self._tau: float | None = None
        self._folded = False
        self._heading = label("What the embedding catches", "muted")
        self._heading.setToolTip(
            "Cosine of the closest window of each text to the concept's embedding. "
            "A dot marks what lies above τ: a perfect head would be pushed there."
        )
        self._words = label("", "small", wrap=True)
        self.list = SimilarityList(theme)
        self._all = button(theme, "Show all", "link", size="compact", tip="Every text that was looked at")
        self._all.setCheckable(True)
        self._all.toggled.connect(self._draw)
        layout = column(self._heading, spacing=4)
        layout.addWidget(self.list)
        layout.addWidget(self._words)
        layout.addLayout(row(self._all, None))
        self.setLayout(layout)
        self.show_preview(None)
        self.hide()

    @property
    def words(self) -> str:
        """What is said below the list."""
        return self._words.text()

    def show_preview(self, found: Preview | None) -> None:
        """Show what was found, or nothing."""
        self._found = found
        self._draw()
        self.setVisible(found is not None)

    def show_no_model(self) -> None:
        """There is no encoder to ask."""
        self.show_preview(None)
        self._words.setText(_NO_MODEL)
        self.show()

    def show_failure(self, words: str) -> None:
        """It could not be found out."""
        self.show_preview(None)
        self._words.setText(words)
        self.show()

    def set_tau(self, tau: float | None) -> None:
        """Mark what lies above τ; None where it is no number yet."""
        if tau != self._tau:
            self._tau = tau
            self._draw()

    def set_folded(self, folded: bool) -> None:
        """Only heading and button, until all is asked for: a run under way leaves the room to what can be moved."""
        self._folded = folded
        self._draw()

    def _draw(self) -> None:
        found, whole = self._found, self._all.isChecked()
        away = self._folded and found is not None and not whole
        self.list.show_preview(found, self._tau, whole=whole)
        self.list.setVisible(found is not None and not away)
        self._words.setVisible(not away)
        self._all.setVisible(found is not None)
        self._all.setText("Show fewer" if whole else "Show all")
        self._all.setAccessibleName(self._all.text())
        if found is None:
            return
        said = [*found.notes]
        if not found.of("concept"):
            said.append(_NO_TEXTS)
        if found.dropped:
            said.append(f"Not suggested, as a neighbour bears it too: {', '.join(found.dropped[:4])}.")
        said.append(f"{found.concept}: embedded as {found.embedding}.")
        self._words.setText(" ".join(said))

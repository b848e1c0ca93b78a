"""Three steps for someone who opens the window for the first time: a model, a name, run."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QCheckBox, QFrame, QLabel, QLineEdit, QProgressBar, QPushButton, QScrollArea, QWidget

from atu_gui.core import text
from atu_gui.core.events import Event, ModelLoaded, Progress, TextWritten
from atu_gui.ui.session import BUSY, IN_RUN, READY, Phase
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.basics import button, column, icon_label, label, row, rule, set_property
from atu_gui.ui.widgets.cost_view import Price
from atu_gui.ui.widgets.notice import Notice
from atu_gui.ui.widgets.sketch import RunSketch
from atu_gui.ui.widgets.tags import Tags

_EXAMPLE = "Leonardo da Vinci"
_OTHERS = ("Stephen King", "Confucius")
_WIDE = 1100
_PAGE = 880
_STARTER = ("SmolLM2-135M-Instruct", "all-MiniLM-L6-v2")
_SHARE_STEPS = 1000
_KEEPS = "SHA-256 is checked · resumes if cut off"


class _Step(QWidget):
    """A numbered step: a disc on the left, a heading and its content on the right."""

    def __init__(self, theme: Theme, number: int, title: str, aside: str, *, last: bool = False) -> None:
        super().__init__()
        self._theme = theme
        self._disc = QLabel(str(number))
        self._disc.setFixedSize(28, 28)
        self._disc.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._number = number
        self.aside = label(aside, "muted")
        heading = label(title, "title")
        self.content = column(spacing=8)
        right = column(spacing=8)
        right.addLayout(row(heading, self.aside, None))
        right.addLayout(self.content)
        left = column(self._disc, spacing=6)
        if last:
            left.addStretch(1)
        else:
            left.addWidget(rule(vertical=True), 1, Qt.AlignmentFlag.AlignHCenter)
        layout = row(spacing=16)
        layout.addLayout(left)
        layout.addLayout(right, 1)
        layout.setContentsMargins(0, 0, 0, 20)
        self.setLayout(layout)
        self._state = "waiting"
        theme.changed.connect(self._dress)
        self._dress()

    def set_state(self, state: str) -> None:
        """waiting, now or done."""
        self._state = state
        self._dress()

    def _dress(self) -> None:
        tokens = self._theme.tokens
        done = self._state == "done"
        back, fore = (tokens.accent, tokens.on_accent) if self._state == "now" else (tokens.raised, tokens.muted)
        self._disc.setText("✓" if done else str(self._number))
        self._disc.setAccessibleName(f"Step {self._number}, {self._state}")
        colour = tokens.good if done else fore
        self._disc.setStyleSheet(
            f"background: {back}; color: {colour}; border-radius: 14px; font-weight: 600;"
            f"border: 1px solid {tokens.accent if self._state == 'now' else tokens.edge};"
        )


class _Piece(QWidget):
    """One part of the kit with its progress."""

    def __init__(self, theme: Theme, icon: str, name: str, about: str) -> None:
        super().__init__()
        self.name = label(name, "heading")
        self.about = label(about, "muted")
        self.state = label("", "small")
        self.bar = QProgressBar()
        self.bar.setRange(0, _SHARE_STEPS)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(f"Progress of {name}")
        right = column(spacing=5)
        right.addLayout(row(self.name, self.about, None, self.state))
        right.addWidget(self.bar)
        layout = row(icon_label(theme, icon, "muted", 20), spacing=12)
        layout.addLayout(right, 1)
        self.setLayout(layout)
        self.show_share(None, "")

    def show_share(self, share: float | None, words: str, *, done: bool = False) -> None:
        """How far it is; None hides the bar."""
        set_property(self.state, "mark", "ok" if done else None)
        self.state.setText(f"✓ {words}" if done else words)
        self.bar.setVisible(share is not None)
        set_property(self.bar, "state", "done" if done else "")
        self.bar.setValue(round(_SHARE_STEPS * (share or 0.0)))


class WelcomePanel(QWidget):
    """Signals: `run_requested` (name, aliases), `download_requested`, `cancel_requested`, `folder_requested`,
    `gguf_requested`, `source_requested` (a hub id), `left`, `recorded_requested`, `shown_at_start` (bool).
    """

    run_requested = Signal(str, object)
    download_requested = Signal()
    cancel_requested = Signal()
    folder_requested = Signal()
    gguf_requested = Signal()
    source_requested = Signal(str)
    left = Signal()
    recorded_requested = Signal()
    shown_at_start = Signal(bool)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._phase = Phase.IDLE
        self._has_starter = False
        self._queued = False
        self._loaded: ModelLoaded | None = None
        self.notice, self.model_notice = Notice(theme), Notice(theme)
        self._first = _Step(theme, 1, "Get a model", "a small one to begin with")
        self._second = _Step(theme, 2, "Name what it must forget", "a person, a book, a topic")
        self._third = _Step(theme, 3, "Run", "", last=True)
        self._build_model()
        self._build_name()
        self._build_run()
        self._side = self._build_side()
        self._lay_out()
        self._show_state()

    def focus_name(self) -> None:
        """The cursor into the name, which is selected to be typed over."""
        self._name.setFocus()
        self._name.selectAll()

    def set_shown_at_start(self, shown: bool) -> None:
        """The tick at the bottom; no signal."""
        self._at_start.blockSignals(True)
        self._at_start.setChecked(shown)
        self._at_start.blockSignals(False)

    def show_phase(self, phase: Phase, loaded: ModelLoaded | None, has_starter: bool, *, queued: bool = False) -> None:
        """What the window is busy with, what is there already, and whether a run waits for it."""
        self._queued = queued
        if phase in BUSY and phase is not self._phase:
            self.notice.hide()
            self.model_notice.hide()
        self._phase, self._loaded, self._has_starter = phase, loaded, has_starter
        self._show_state()

    def show_price(self, price: Price) -> None:
        """What the run would take on this machine, as far as that is known."""
        self._third.aside.setText("" if price.seconds is None else f"{price.time()}, once the texts are there")

    def handle(self, event: Event) -> None:
        """Follow downloads and writing."""
        match event:
            case Progress(job="download"):
                self._show_download(event)
            case Progress(job="write"):
                self._doing.setText(f"{text.capital(event.what)} · {text.progress(event)}".strip(" ·"))
            case TextWritten():
                line = " ".join(event.text.split())
                self._sample.setText(self._sample.fontMetrics().elidedText(line, Qt.TextElideMode.ElideRight, 640))

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._side.setVisible(event.size().width() >= _WIDE)
        super().resizeEvent(event)

    def _build_model(self) -> None:
        card = QFrame()
        card.setProperty("card", "true")
        self._pieces = [
            _Piece(self._theme, "cube", _STARTER[0], "language model, 30 layers"),
            _Piece(self._theme, "sparkle", _STARTER[1], "text encoder"),
        ]
        self._where = label("", "small")
        self._download = button(self._theme, "Download now", icon="download-simple", tip="Fetch the starter kit, once")
        self._cancel_download = button(self._theme, "Cancel download", tip="What has come is kept and resumed")
        self._download.clicked.connect(self.download_requested)
        self._cancel_download.clicked.connect(self.cancel_requested)
        inside = column(*self._pieces, spacing=14)
        inside.addLayout(row(self._where, None, self._download, self._cancel_download))
        inside.setContentsMargins(16, 14, 16, 12)
        card.setLayout(inside)
        folder = button(self._theme, "Open a folder", "link", "folder-open", tip="A model folder with safetensors")
        gguf = button(self._theme, "Open a GGUF file", "link", "file", tip="A model in one GGUF file")
        hub = button(self._theme, "Load by hub id", "link", "magnifying-glass", tip="Such as owner/model")
        self._hub = QLineEdit()
        self._hub.setPlaceholderText("owner/model, then Enter")
        self._hub.setAccessibleName("Hub id of a model")
        self._hub.hide()
        folder.clicked.connect(self.folder_requested)
        gguf.clicked.connect(self.gguf_requested)
        hub.clicked.connect(self._ask_hub)
        self._hub.returnPressed.connect(self._take_hub)
        self._first.content.addWidget(card)
        self._first.content.addLayout(row(label("Have one already?", "small"), folder, gguf, hub, None, spacing=12))
        self._first.content.addWidget(self._hub)
        self._first.content.addWidget(self.model_notice)

    def _build_name(self) -> None:
        self._name = QLineEdit(_EXAMPLE)
        self._name.setProperty("measure", "huge")
        self._name.setAccessibleName("What the model must forget")
        self._name.setToolTip("The name of a person, a book, a topic. Enter runs.")
        self._name.textChanged.connect(self._show_state)
        self._name.returnPressed.connect(self._run_now)
        self._aliases = Tags(self._theme, "Add alias", "alias")
        others = [button(self._theme, one, "link", tip=f"Forget {one} instead") for one in _OTHERS]
        for one in others:
            one.clicked.connect(self._take_example)
        also = row(label("Also called", "small"), self._aliases, label("Or try", "small"), *others, spacing=8)
        also.setStretch(1, 1)
        self._second.content.addWidget(self._name)
        self._second.content.addLayout(also)
        self._second.content.addWidget(
            label("The model writes short passages about it. You see them before anything is changed.", "small")
        )

    def _build_run(self) -> None:
        self._run = button(self._theme, "Run when ready", "primary", "play-fill", size="huge", tip="Enter")
        self._run.clicked.connect(self._run_now)
        self._cancel = button(self._theme, "Cancel", icon="x", size="large", tip="Stop what is going on (Ctrl+.)")
        self._cancel.clicked.connect(self.cancel_requested)
        self._doing = label("", "muted", wrap=True)
        self._sample = label("", "faint")
        about = column(self._doing, self._sample, spacing=2)
        line = row(self._run, self._cancel, spacing=12)
        line.addLayout(about, 1)
        self._third.content.addLayout(line)
        self._third.content.addWidget(self.notice)

    def _build_side(self) -> QWidget:
        side = QFrame()
        side.setObjectName("welcome_side")
        side.setFixedWidth(440)
        layout = column(
            label("What you will see", "title"),
            label("A sketch of a run, drawn, not measured.", "muted"),
            8,
            RunSketch(self._theme),
            spacing=8,
        )
        strokes = row(
            icon_label(self._theme, "minus", "similarity"), label("similarity to the concept", "small"), 8,
            icon_label(self._theme, "minus", "accent_text"), label("τ, the target you can move", "small"), None,
        )  # fmt: skip
        layout.addLayout(strokes)
        look = button(self._theme, "Look at a recorded run", "link", "play-circle", tip="A real run; needs no model")
        look.clicked.connect(self.recorded_requested)
        layout.addLayout(row(look, None))
        layout.addSpacing(12)
        for icon, words in (
            (
                "question",
                "Before the run and after every round the model answers questions about the concept and its "
                "neighbours. Every figure stands with its interval and the raw answers.",
            ),
            ("chat-circle", "Ask the untouched and the changed model the same question, side by side, at any time."),
            (
                "info",
                "Small models know little and forget it unevenly. Similarity alone is no measure of forgetting; "
                "the answers are.",
            ),
        ):
            picture = icon_label(self._theme, icon, "muted")
            line = row(picture, label(words, "muted", wrap=True))
            line.setStretch(1, 1)
            line.setAlignment(picture, Qt.AlignmentFlag.AlignTop)
            layout.addLayout(line)
        layout.addStretch(1)
        layout.setContentsMargins(24, 48, 24, 24)
        side.setLayout(layout)
        return side

    def _lay_out(self) -> None:
        self._at_start = QCheckBox("Show this at start")
        self._at_start.setChecked(True)
        self._at_start.toggled.connect(self.shown_at_start)
        tip = "Set everything by hand (Esc)"
        skip = button(self._theme, "Skip to the workbench", "quiet", "arrow-right", size="flush", tip=tip)
        skip.setShortcut("Esc")
        skip.clicked.connect(self.left)
        inner = column(
            label("Make a model forget something", "welcome"),
            label("Three steps. Nothing leaves this computer.", "muted"),
            16,
            self._first,
            self._second,
            self._third,
            None,
            rule(),
            spacing=6,
        )
        inner.addLayout(row(self._at_start, None, skip))
        inner.setContentsMargins(48, 36, 48, 16)
        page = QWidget()
        page.setProperty("plain", "true")
        page.setLayout(inner)
        page.setMaximumWidth(_PAGE)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setWidget(page)
        scroll.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        layout = row(scroll, self._side, spacing=0)
        layout.setStretch(0, 1)
        self.setLayout(layout)

    def _show_state(self) -> None:
        busy = self._phase in BUSY
        named = bool(self._name.text().strip())
        self._download.setVisible(not busy and not self._has_starter and self._loaded is None)
        self._cancel_download.setVisible(self._phase is Phase.FETCHING)
        self._cancel.setVisible(self._phase in (Phase.LOADING, Phase.WRITING, Phase.MEASURING))
        self._run.setEnabled(named and self._can_run())
        self._sample.setVisible(self._phase is Phase.WRITING)
        self._show_pieces()
        ready = self._loaded is not None
        self._first.set_state("done" if ready else "now")
        self._second.set_state("done" if busy and ready else ("now" if ready else "waiting"))
        self._third.set_state("now" if self._phase is Phase.WRITING else "waiting")
        if self._phase is Phase.WRITING:
            self._doing.setText("The model is writing…")
        elif self._is_under_way():
            self._doing.setText("Goes on by itself as soon as the model is ready.")
        elif not self._can_run():
            what = "A run is under way" if self._phase in IN_RUN else "The model is busy"
            self._doing.setText(f"{what}; the next one can begin after that.")
        elif not named:
            self._doing.setText("Name what the model must forget.")
        else:
            self._doing.setText("Shows the passages and asks once more. The model on disk never changes.")

    def _is_under_way(self) -> bool:
        """Whether what was pressed is being done; a model may load meanwhile without anything being pressed."""
        return self._phase is Phase.WRITING or self._queued

    def _can_run(self) -> bool:
        return self._phase in READY and not self._is_under_way()

    def _show_pieces(self) -> None:
        model, encoder = self._pieces
        if self._loaded is not None:
            one = self._loaded
            model.name.setText(one.name)
            model.about.setText(f"language model, {text.count(one.layers, 'layer')}")
            encoder.name.setText(one.encoder)
            where = f"{text.device(one.device)} · {text.number_format(one.dtype)} · {text.size(one.memory_bytes)}"
            model.show_share(None, "Ready", done=True)
            encoder.show_share(None, "Ready", done=True)
            self._where.setText(where)
        elif self._phase is Phase.LOADING:
            model.show_share(None, "Loading…")
            encoder.show_share(None, "Loading…")
            self._where.setText("Bringing it into memory")
        elif self._phase is not Phase.FETCHING:
            state = "On this computer" if self._has_starter else "Not here yet"
            model.show_share(None, state)
            encoder.show_share(None, state)
            self._where.setText("" if self._has_starter else f"362 MB, once · {_KEEPS}")

    def _show_download(self, event: Progress) -> None:
        self._where.setText(_KEEPS)
        at = next((number for number, name in enumerate(_STARTER) if name in event.what), None)
        for number in range(at if at is not None else len(_STARTER)):
            # They come one after the other.
            self._pieces[number].show_share(1.0, "Checked", done=True)
        if at is None:
            return
        share = min(1.0, event.done / event.total) if event.total else 0.0
        left = f" · {text.duration(event.seconds_left)} left" if event.seconds_left is not None else ""
        self._pieces[at].show_share(share, f"{text.progress(event) or event.what}{left}")

    def _run_now(self) -> None:
        name = self._name.text().strip()
        if name and self._can_run():
            self.run_requested.emit(name, self._aliases.values())

    def _take_example(self) -> None:
        example = self.sender()
        if isinstance(example, QPushButton):
            self._name.setText(example.text())
            self._aliases.set_values(())

    def _ask_hub(self) -> None:
        self._hub.show()
        self._hub.setFocus()

    def _take_hub(self) -> None:
        if self._hub.text().strip():
            self.source_requested.emit(self._hub.text().strip())

"""The window: it wires panels to the session and knows what is shown when; it decides nothing about the work. It is
built in parts: the first page; after the first paint all behind it (`furnish`, with its imports); then the plots."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QTimer, Signal
from PySide6.QtGui import QAction, QCloseEvent, QPaintEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QMainWindow, QStackedWidget

from atu_gui.core import paths
from atu_gui.core.concepts import Concept
from atu_gui.core.config import STARTER, RunConfig
from atu_gui.core.errors import InputError
from atu_gui.core.events import Event, JobFailed, Progress, RunFailed, RunFinished, RunStarted
from atu_gui.core.materials import Materials
from atu_gui.core.ports import WorkbenchPort
from atu_gui.core.progress import RunProgress
from atu_gui.ui.actions import make_actions
from atu_gui.ui.bridge import Bridge
from atu_gui.ui.menus import MenuRow
from atu_gui.ui.outside import Outside
from atu_gui.ui.panels.welcome import WelcomePanel
from atu_gui.ui.preferences import Preferences, load_preferences, save_preferences
from atu_gui.ui.session import BUSY, IN_RUN, Phase, Session
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.status_line import StatusLine
from atu_gui.ui.widgets.tab_order import move_focus

if TYPE_CHECKING:
    from atu_gui.ui.panels.review import ReviewPanel
    from atu_gui.ui.workbench import Workbench

_PAGES = ("welcome", "review", "workbench")
_CLOCK_MS = 500


class MainWindow(QMainWindow):
    """Pages (welcome, review, workbench), menus and status; every signal of a panel ends here.

    Signals: `painted` (once, when the window can first be seen) and `ready` (once, when all of it is built).
    """

    painted = Signal()
    ready = Signal()
    review: ReviewPanel
    workbench: Workbench

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setWindowTitle("atu-gui")
        self.setMinimumSize(960, 640)
        self.resize(1600, 1000)
        self._theme = theme
        self._preferences: Preferences = load_preferences()
        self._progress = RunProgress()
        self._is_painted = self._is_furnished = False
        self.bridge = Bridge(self)
        # First of all handlers: whoever shows the run's phase finds its progress up to date.
        self.bridge.add_handler(lambda event: self._progress.handle(event))
        self.session = Session(self.bridge, self)
        self.actions_ = make_actions(self)
        self.welcome = WelcomePanel(theme)
        self._pages = QStackedWidget()
        self._pages.addWidget(self.welcome)
        self.setCentralWidget(self._pages)
        self.status = StatusLine(theme)
        self.setStatusBar(self.status)
        self._clock = QTimer(self, interval=_CLOCK_MS)
        self._clock.timeout.connect(self._tick)
        self._outside = Outside(self, "atu-gui")
        self._theme.set_mode(self._preferences.mode)
        self._menu_row = MenuRow(self.actions_, theme)
        self.setMenuWidget(self._menu_row)
        if self._preferences.geometry:
            self.restoreGeometry(QByteArray(self._preferences.geometry))
        self.welcome.set_shown_at_start(self._preferences.welcome)
        self.actions_.show_phase(self.session.phase)
        self._show_welcome()
        self.show_page("welcome" if self._preferences.welcome else "workbench")

    def furnish(self) -> None:
        """Build and wire everything behind the first page, unless it is there."""
        if self._is_furnished:
            return
        self._is_furnished = True
        with self._theme.undressed():
            self._build_pages()
            self._open_rooms()
            self._wire_session()
            self._wire_panels()
            self._wire_actions()
            self.workbench.fit(self.width())
            self.workbench.restore_layout(self._preferences.docks)
            self.workbench.setup.bring_back()
            self.actions_.quiet.setChecked(self._preferences.quiet)

    @property
    def theme(self) -> Theme:
        """Colours and fonts."""
        return self._theme

    @property
    def page(self) -> str:
        """What is shown: welcome, review or workbench."""
        return _PAGES[self._pages.currentIndex()]

    def connect_to(self, port: WorkbenchPort) -> None:
        """The service is up; a starter kit that is there is loaded at once."""
        self.furnish()
        self.session.connect_to(port)
        if self.session.phase is Phase.IDLE and self.session.loaded is None and port.starter_ready():
            self.session.load(RunConfig().model, "auto")

    def service_failed(self, message: str, details: str) -> None:
        """The service could not start: nothing can run, and the window says why."""
        self.furnish()
        self.session.stop()
        self._show_failure(JobFailed("start", message, "Reinstall the package, then start again.", details))

    def show_page(self, name: str) -> None:
        """Go to a page."""
        if name != "welcome":
            self.furnish()
        self._pages.setCurrentIndex(_PAGES.index(name))
        if name == "welcome":
            self.welcome.focus_name()

    def run_from_welcome(self, name: str, aliases: tuple[str, ...]) -> None:
        """Everything by default but the concept."""
        try:
            config = self.workbench.setup.config_without_concepts()
            concept = Concept(name=name, aliases=aliases)
        except (InputError, ValueError) as error:
            self.show_page("workbench")
            self.workbench.notice.say("The set-up does not fit together.", str(error))
            return
        self.workbench.setup.show_config(config.model_copy(update={"concepts": [concept]}))
        self._prepare()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._fit(self.width())

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._is_painted:
            self._is_painted = True
            # The panels paint right after this; the rest comes when they have.
            QTimer.singleShot(0, self, self._go_on)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fit(event.size().width())
        super().resizeEvent(event)

    def focusNextPrevChild(self, forward: bool) -> bool:
        return move_focus(self, forward)

    def closeEvent(self, event: QCloseEvent) -> None:
        if self._is_furnished:
            if not self._leaving.may_close():
                event.ignore()
                return
            self._save()
        self._clock.stop()
        self.bridge.close()
        super().closeEvent(event)

    # Building and wiring

    def _go_on(self) -> None:
        self.painted.emit()
        self.furnish()
        QTimer.singleShot(0, self, self._build_plots)

    def _build_plots(self) -> None:
        # Else the first run would wait for them.
        self.workbench.plots.build()
        self.ready.emit()

    def _build_pages(self) -> None:
        from atu_gui.ui.notifier import Notifier
        from atu_gui.ui.panels.review import ReviewPanel
        from atu_gui.ui.workbench import Workbench

        self.review = ReviewPanel(self._theme)
        self.workbench = bench = Workbench(self._theme, self.actions_)
        for page in (self.review, bench):
            self._pages.addWidget(page)
        self.notifier = Notifier(
            (self.welcome.model_notice, self.welcome.notice),
            self.review.notice,
            (bench.setup.model.notice, bench.notice),
        )
        self._menu_row.add_docks(bench.dock_actions())
        bench.view_changed.connect(self._menu_row.show_view)

    def _open_rooms(self) -> None:
        from atu_gui.ui.display import Display
        from atu_gui.ui.rooms.aiming import AimingRoom
        from atu_gui.ui.rooms.leaving import LeavingRoom
        from atu_gui.ui.rooms.pacing import PacingRoom
        from atu_gui.ui.rooms.plain import PLAIN_ROOMS
        from atu_gui.ui.rooms.pricing import PricingRoom
        from atu_gui.ui.rooms.room import Reach
        from atu_gui.ui.rooms.sizing import SizingRoom
        from atu_gui.ui.rooms.tuning import TuningRoom
        from atu_gui.ui.rooms.watching import WatchingRoom
        from atu_gui.ui.widgets.palette import CommandPalette

        bench = self.workbench
        self.display = Display((bench.plots, bench.rounds, bench.probes, bench.setup.aim.view), self)
        reach = Reach(self.session, bench, self.actions_, self.display, self._show_workbench)
        self._palette = CommandPalette(self._theme, self._all_actions, self)
        self._watching = WatchingRoom(self.session, bench, self.actions_, self.status, self._theme, self)
        self._pacing = PacingRoom(reach, self)
        self._rooms = (
            *(room(reach, self) for room in PLAIN_ROOMS),
            TuningRoom(self.session, bench, self.actions_, self),
            self._watching,
            AimingRoom(self.session, bench, self.actions_, self._checked_config, self),
            self._pacing,
            PricingRoom(self.session, bench, self._pacing, self),
        )
        self._sizing = SizingRoom(self.session, bench, self)
        self._leaving = LeavingRoom(self.session, lambda: self._progress, self._theme, self)

    def _wire_session(self) -> None:
        self.session.phase_changed.connect(self._show_phase)
        self.session.model_changed.connect(self._show_model)
        self.session.materials_written.connect(self._show_materials)
        self.session.failed.connect(self._show_failure)
        bench = self.workbench
        for panel in (self.welcome, bench.setup, bench.chat, bench.log, self.status, self.display, *self._rooms):
            self.bridge.add_handler(panel.handle)
        self.bridge.add_handler(self._handle)

    def _wire_panels(self) -> None:
        welcome, review, bench = self.welcome, self.review, self.workbench
        welcome.run_requested.connect(self.run_from_welcome)
        welcome.download_requested.connect(lambda: self._load_source(STARTER))
        welcome.cancel_requested.connect(self.session.stop)
        welcome.folder_requested.connect(lambda: bench.setup.model.choose_folder())
        welcome.gguf_requested.connect(bench.setup.model.choose_gguf)
        welcome.source_requested.connect(self._load_source)
        welcome.left.connect(self._show_workbench)
        welcome.recorded_requested.connect(self.actions_.open_recorded.trigger)
        welcome.shown_at_start.connect(self._remember_welcome)
        bench.setup.cost.priced.connect(welcome.show_price)
        review.start_requested.connect(self._start)
        review.rewrite_requested.connect(self._rewrite)
        review.left.connect(self._leave_review)
        bench.setup.model.load_requested.connect(self._load)

    def _wire_actions(self) -> None:
        actions = self.actions_
        actions.run.triggered.connect(self._prepare)
        actions.pause.triggered.connect(self.session.pause_or_resume)
        actions.skip.triggered.connect(self.session.skip_stage)
        actions.stop.triggered.connect(self.session.stop)
        actions.open_folder.triggered.connect(lambda: self.workbench.setup.model.choose_folder())
        actions.open_gguf.triggered.connect(self.workbench.setup.model.choose_gguf)
        actions.load.triggered.connect(self._load)
        actions.starter.triggered.connect(lambda: self._load_source(STARTER))
        actions.welcome.triggered.connect(lambda: self.show_page("welcome"))
        actions.reset_layout.triggered.connect(self.workbench.reset)
        actions.palette.triggered.connect(self._palette.open)
        actions.quit.triggered.connect(self.close)
        self._show_phase()

    # Wishes of the user

    def _prepare(self) -> None:
        config = self._checked_config()
        if config is not None:
            self.session.prepare(config)

    def _start(self, materials: Materials) -> None:
        config = self._checked_config()
        if config is None:
            return
        self.workbench.setup.texts.show_used(materials)
        self.show_page("workbench")
        self.workbench.notice.hide()
        self._progress = self._pacing.new_progress(config)
        self.session.start(config, materials)

    def _rewrite(self, neighbours: tuple[str, ...]) -> None:
        self.workbench.setup.texts.show_neighbours(neighbours)
        self._prepare()

    def _leave_review(self) -> None:
        self.session.leave_review()
        self.show_page("workbench")

    def _load(self) -> None:
        config = self._checked_config(with_concepts=False)
        if config is not None and self.session.phase is Phase.IDLE:
            self.session.load(config.model, config.encoder)

    def _load_source(self, source: str) -> None:
        self.workbench.setup.model.show_source(source)
        self._load()

    def _checked_config(self, *, with_concepts: bool = True) -> RunConfig | None:
        setup = self.workbench.setup
        setup.clear_faults()
        try:
            config = setup.config() if with_concepts else setup.config_without_concepts()
        except InputError as error:
            self._show_setup()
            setup.show_faults(error.faults)
            return None
        if with_concepts and not setup.fits_model():
            self._show_setup()
            setup.section("aim").set_folded(False)
            return None
        return config

    # What the session says

    def _handle(self, event: Event) -> None:
        match event:
            case Progress():
                self.workbench.run_bar.show_job(event)
                self._tick()
            case RunStarted():
                self._clock.start()
            case RunFinished() | RunFailed():
                self._clock.stop()
                self._tick()

    def _tick(self) -> None:
        self.workbench.run_bar.show_progress(self._progress)
        if self.session.phase in IN_RUN:
            self.status.show_pace(self._progress.steps_per_second, self._progress.left_words())
        self._outside.show_progress(self._progress)

    def _show_phase(self) -> None:
        phase = self.session.phase
        self.actions_.show_phase(phase)
        self.workbench.run_bar.show_phase(phase)
        self.workbench.setup.set_locked(phase in IN_RUN)
        self.workbench.setup.model.show_busy(phase in BUSY)
        self.workbench.chat.set_busy_training(phase is Phase.RUNNING)
        self._show_welcome()
        if phase is Phase.WRITING:
            self.workbench.notice.hide()
        if phase in IN_RUN:
            self.show_page("workbench")

    def _show_model(self) -> None:
        self.workbench.setup.show_model(self.session.loaded)
        self.workbench.run_bar.chip.show_model(self.session.loaded)
        self._show_welcome()

    def _show_welcome(self) -> None:
        session = self.session
        self.welcome.show_phase(session.phase, session.loaded, paths.starter_ready(), queued=session.is_queued)

    def _show_materials(self, materials: Materials) -> None:
        concepts = self.workbench.setup.concepts.summary()
        self.review.show_materials(materials, concepts)
        self.show_page("review")

    def _show_failure(self, event: JobFailed | RunFailed) -> None:
        if self.notifier.show_failure(event, self.page) is self.workbench.setup.model.notice:
            self.workbench.setup.section("model").set_folded(False)

    def _show_workbench(self) -> None:
        self.show_page("workbench")

    def _show_setup(self) -> None:
        self.show_page("workbench")
        self.workbench.show_setup()

    def _fit(self, width: int) -> None:
        if self._is_furnished:
            self.workbench.fit(width)

    def _all_actions(self) -> list[QAction]:
        return [*self.actions(), *self.workbench.dock_actions()]

    def _remember_welcome(self, shown: bool) -> None:
        self._preferences = replace(self._preferences, welcome=shown)

    def _save(self) -> None:
        self._preferences = replace(
            self._preferences,
            mode=self._theme.mode,
            quiet=self.actions_.quiet.isChecked(),
            geometry=bytes(self.saveGeometry().data()),
            docks=self.workbench.save_layout(),
        )
        save_preferences(self._preferences)
        self.workbench.setup.keep()

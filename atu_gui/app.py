"""The window's composition root: the only place where the ui meets the service."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

import qasync  # type: ignore[import-untyped]
from PySide6.QtCore import QTimer
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from atu_gui import __version__
from atu_gui.core import network, paths
from atu_gui.core.black_box import BlackBox
from atu_gui.core.config import RunConfig
from atu_gui.core.errors import UserError
from atu_gui.core.ports import WorkbenchPort
from atu_gui.ui.main_window import MainWindow
from atu_gui.ui.qt_messages import logged_messages
from atu_gui.ui.theme import Theme
from atu_gui.ui.widgets.focus_ring import FocusRing

_LOG = logging.getLogger("atu_gui")
# Python sees Ctrl+C in the terminal only while it runs; this gives it the chance.
_SIGNAL_MS = 250


def main(argv: Sequence[str] | None = None, begin: Callable[[MainWindow], None] | None = None) -> int:
    """Show the window; returns the exit code when it is closed.

    Args:
        argv: Command line; Qt's own options are understood too.
        begin: Called right after the first paint; the service is then not started. Measurements bring their own.
    """
    arguments = list(sys.argv if argv is None else argv)
    flags, rest = _parser().parse_known_args(arguments[1:])
    try:
        network.begin(offline=flags.offline)
    except UserError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 2
    if flags.tour is not None:
        return _take_tour(arguments[:1] + rest, flags.tour, tiny=flags.tiny)
    return _show(arguments[:1] + rest, begin)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("atu-gui", description="The workbench's window.", allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"atu-gui {__version__}")
    parser.add_argument("--offline", action="store_true", help="use no network")
    parser.add_argument("--tour", type=Path, metavar="DIR", help="walk through the main job and save pictures in DIR")
    parser.add_argument("--tiny", action="store_true", help="with --tour: a tiny test model instead of the starter kit")
    return parser


def _take_tour(argv: list[str], folder: Path, *, tiny: bool) -> int:
    """Walk through the window with folders of its own; the starter kit alone is the user's."""
    from atu_gui.service.workbench import Workbench
    from atu_gui.tour import Tour, tiny_config

    with tempfile.TemporaryDirectory(prefix="atu-tour-") as name:
        own = Path(name)
        os.environ["ATU_CONFIG"] = name
        if tiny:
            os.environ["ATU_DATA"] = os.environ["ATU_CACHE"] = name
        workbench = Workbench(own / "tour.sqlite3")
        config = tiny_config(own) if tiny else RunConfig.model_validate({"concepts": [{"name": "Leonardo da Vinci"}]})
        config.out = own / "run"
        tour = Tour(folder, workbench, config)
        try:
            code = _show(argv, tour.begin)
        finally:
            workbench.close()
    return 1 if tour.failed else code


def _show(argv: list[str], begin: Callable[[MainWindow], None] | None) -> int:
    with BlackBox(paths.log_folder(), "atu-gui") as box, logged_messages(box.last_words):
        return _show_logged(argv, begin)


def _show_logged(argv: list[str], begin: Callable[[MainWindow], None] | None) -> int:
    app = QApplication(argv)
    app.setApplicationName("atu-gui")
    app.setApplicationVersion(__version__)
    app.setDesktopFileName("atu-gui")
    # Else Qt would end the loop under asyncio's feet, before the service is closed.
    app.setQuitOnLastWindowClosed(False)
    icon = paths.resource("icons", "atu-gui.svg")
    if icon.is_file():
        app.setWindowIcon(QIcon(str(icon)))
    theme = Theme()
    theme.prepare(app)
    ring = FocusRing(theme, app)
    window = MainWindow(theme)
    theme.apply(app)
    signal.signal(signal.SIGINT, lambda *_: window.close())
    pulse = QTimer()
    pulse.timeout.connect(lambda: None)
    pulse.start(_SIGNAL_MS)
    service = _Service(window)
    if begin is None:
        # Once the window is built: importing torch takes seconds, even on the service's own thread.
        window.ready.connect(service.start)
    else:
        window.painted.connect(lambda: begin(window))
    window.show()
    # One loop for Qt and asyncio. It runs until it is stopped, not until a coroutine ends, so that an end from outside
    # (the desktop's session manager) is an end like any other.
    loop = qasync.QEventLoop(app)
    app.lastWindowClosed.connect(loop.stop)
    # Nobody is there to be asked: a run is kept when the service is closed, and offered at the next start.
    signal.signal(signal.SIGTERM, lambda *_: loop.stop())
    try:
        with loop:
            loop.run_forever()
    finally:
        pulse.stop()
        ring.deleteLater()
        service.close()
    return 0


class _Service:
    """Starts the workbench behind the window, and ends it."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self._workbench: WorkbenchPort | None = None

    def start(self) -> None:
        try:
            from atu_gui.service.workbench import Workbench

            workbench = Workbench()
        except Exception as error:
            _LOG.exception("The service could not start.")
            self._window.service_failed(f"The engine could not start: {error}.", traceback.format_exc())
            return
        self._workbench = workbench
        self._window.connect_to(workbench)

    def close(self) -> None:
        if self._workbench is not None:
            self._workbench.close()


if __name__ == "__main__":
    raise SystemExit(main())

"""What is seen of a run where the window is not: its title in the list of windows, and its icon in the launcher.

Launchers of Linux desktops that follow Unity's LauncherEntry (among them GNOME's Dock and KDE's task bar) draw a
progress bar on the icon. Elsewhere Qt 6 has no way to it, so the title has to do.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from atu_gui.core.progress import RunProgress

if TYPE_CHECKING:
    from PySide6.QtDBus import QDBusMessage

_PATH = "/org/atu_gui/launcher"
_INTERFACE = "com.canonical.Unity.LauncherEntry"
# A launcher draws a bar of some forty pixels.
_FINEST = 0.01

Send = Callable[["QDBusMessage"], object]


class Outside:
    """Tells title and launcher how far a run is.

    Args:
        window: Has the title.
        name: Name of the program, and of its desktop file.
        send: Puts a message on the session's bus; the real one, where there is one, unless a test brings its own.
    """

    def __init__(self, window: QWidget, name: str, send: Send | None = None) -> None:
        self._window, self._name = window, name
        self._send = send
        self._has_looked = send is not None
        self._told: float | None = None

    def show_progress(self, progress: RunProgress) -> None:
        """Say where the run is; nothing once it has ended."""
        where = progress.title()
        self._window.setWindowTitle(f"{where} – {self._name}" if where else self._name)
        share = progress.share()
        if not _differs(share, self._told):
            return
        self._told = share
        if not self._has_looked:
            # Only now: the window should not wait for the bus when it opens.
            self._send, self._has_looked = session_bus(), True
        if self._send is not None:
            self._send(launcher_message(self._name, share))


def launcher_message(name: str, share: float | None) -> QDBusMessage:
    """The signal that puts a bar on the icon of a program, or with None takes it away."""
    from PySide6.QtDBus import QDBusMessage

    message = QDBusMessage.createSignal(_PATH, _INTERFACE, "Update")
    bar = {"progress": share or 0.0, "progress-visible": share is not None}
    message.setArguments([f"application://{name}.desktop", bar])
    return message


def session_bus() -> Send | None:
    """The way to the session's bus, where there is one."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        from PySide6.QtDBus import QDBusConnection
    except ImportError:
        # libdbus is missing.
        return None
    bus = QDBusConnection.sessionBus()
    return bus.send if bus.isConnected() else None


def _differs(share: float | None, told: float | None) -> bool:
    if share is None or told is None:
        return share is not told
    return abs(share - told) >= _FINEST

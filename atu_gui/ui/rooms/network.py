"""The network: whether it may be used, and the token that the hub gets."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot

from atu_gui.core import network
from atu_gui.core.errors import AtuError
from atu_gui.core.hub_token import forget_token, in_environment, keep_token, kept_token
from atu_gui.ui.rooms.room import Reach, Room
from atu_gui.ui.widgets.token_dialog import TokenDialog


class NetworkRoom(Room):
    """Turns the switch, and keeps or forgets the token."""

    def __init__(self, reach: Reach, parent: QObject) -> None:
        super().__init__(reach, parent)
        self._dialog: TokenDialog | None = None
        self._actions.offline.setChecked(network.is_offline())
        self._actions.offline.triggered.connect(self._switch)
        self._actions.hub_token.triggered.connect(self._ask)

    @Slot(bool)
    def _switch(self, offline: bool) -> None:
        network.go_offline(offline)
        network.keep_offline(offline)
        self._show_page()
        if offline:
            self._bench.notice.say(
                "The network is switched off.",
                "Neither the hub nor the package index is asked, also on later starts and by the command line. What is "
                "on this machine works as before.",
                kind="info",
            )
        else:
            self._bench.notice.say("The network may be used.", "Only where you ask for something from it.", kind="info")

    @Slot()
    def _ask(self) -> None:
        if self._dialog is None:
            self._dialog = TokenDialog(self._bench.runs.theme, self._bench.window())
            self._dialog.named.connect(self._keep)
            self._dialog.forget_requested.connect(self._forget)
        self._dialog.ask("environment" if in_environment() else "keyring" if kept_token() else "nowhere")

    @Slot(str)
    def _keep(self, token: str) -> None:
        try:
            keep_token(token)
        except AtuError as error:
            self._say(error.message, error.hint, "error")
            return
        self._say("The token is in the keyring.", "It is sent to the hub alone.", "info")

    @Slot()
    def _forget(self) -> None:
        forget_token()
        self._say("The token is forgotten.", "Models that are public need none.", "info")

    def _say(self, message: str, hint: str, kind: str) -> None:
        self._show_page()
        self._bench.notice.say(message, hint, kind=kind)

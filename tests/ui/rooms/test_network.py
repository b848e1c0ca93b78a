"""Working offline, and the hub's token, in the window."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtWidgets import QLineEdit

from atu_gui.core import network
from atu_gui.core.hub_token import kept_token
from atu_gui.ui.main_window import MainWindow
from atu_gui.ui.widgets.basics import QPushButton
from atu_gui.ui.widgets.token_dialog import TokenDialog
from tests.fake_keyring import FakeKeyring, fake_keyring
from tests.ui.fake_workbench import FakeWorkbench

Make = Callable[..., MainWindow]
TOKEN = "hf_AbCdEfGhIjKlMnOp"


@pytest.fixture(autouse=True)
def ring(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeKeyring]:
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"):
        monkeypatch.setenv(name, "")
    with fake_keyring() as made:
        yield made


def test_working_offline_is_kept(make_window: Make, bench: FakeWorkbench) -> None:
    window = make_window(bench)
    assert not window.actions_.offline.isChecked()
    window.actions_.offline.trigger()
    assert network.is_offline() and network.stays_offline()
    assert "switched off" in window.workbench.notice.words
    assert make_window(FakeWorkbench()).actions_.offline.isChecked()
    window.actions_.offline.trigger()
    assert not network.is_offline() and not network.stays_offline()


def _dialog(window: MainWindow) -> tuple[TokenDialog, QLineEdit, dict[str, QPushButton]]:
    window.actions_.hub_token.trigger()
    (dialog,) = window.findChildren(TokenDialog)
    (field,) = dialog.findChildren(QLineEdit)
    return dialog, field, {one.text(): one for one in dialog.findChildren(QPushButton)}


def test_a_token_is_kept_and_forgotten_and_never_shown(make_window: Make, bench: FakeWorkbench) -> None:
    window = make_window(bench)
    dialog, field, buttons = _dialog(window)
    assert field.echoMode() is QLineEdit.EchoMode.Password
    assert not buttons["Keep in the keyring"].isEnabled() and not buttons["Forget"].isEnabled()
    field.setText(TOKEN)
    buttons["Keep in the keyring"].click()
    assert kept_token() == TOKEN and field.text() == "" and not dialog.isVisible()
    assert TOKEN not in window.workbench.notice.words
    _dialog(window)
    buttons["Forget"].click()
    assert kept_token() is None


def test_what_is_no_token_is_said_and_not_repeated(make_window: Make, bench: FakeWorkbench, ring: FakeKeyring) -> None:
    window = make_window(bench)
    _, field, buttons = _dialog(window)
    field.setText("my password")
    buttons["Keep in the keyring"].click()
    assert "no token of the hub" in window.workbench.notice.words and "password" not in window.workbench.notice.words
    ring.locked = True
    _, field, _ = _dialog(window)
    field.setText(TOKEN)
    buttons["Keep in the keyring"].click()
    assert "no keyring" in window.workbench.notice.words and TOKEN not in window.workbench.notice.words

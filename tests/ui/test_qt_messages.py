"""Qt's own words reach the log, and its last ones the note of a crash."""

from __future__ import annotations

import logging

import pytest
from PySide6.QtCore import qInstallMessageHandler, qWarning
from pytestqt.qtbot import QtBot

from atu_gui.ui.qt_messages import logged_messages


def test_warnings_are_logged_and_the_handler_before_comes_back(qtbot: QtBot, caplog: pytest.LogCaptureFixture) -> None:
    heard: list[str] = []
    before = qInstallMessageHandler(lambda _kind, _context, words: heard.append(words))
    try:
        with caplog.at_level(logging.INFO), logged_messages(lambda _words: None):
            qWarning("a font is missing")
        qWarning("to the old one")
    finally:
        qInstallMessageHandler(before)
    assert [(one.levelname, one.getMessage()) for one in caplog.records] == [("WARNING", "a font is missing")]
    assert heard == ["to the old one"]

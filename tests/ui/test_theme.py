from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest
from PySide6.QtGui import QColor, QFont, QPixmap
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from atu_gui.core.look import DARK, LIGHT, Tokens, mix
from atu_gui.ui import phosphor
from atu_gui.ui.stylesheet import style_sheet
from atu_gui.ui.theme import Theme

_GLYPHS = dict.fromkeys(("caret", "caret_up", "check", "menu_check"), "x.png")


def _luminance(colour: str) -> float:
    parts = (QColor(colour).redF(), QColor(colour).greenF(), QColor(colour).blueF())
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, two: str) -> float:
    high, low = sorted((_luminance(one), _luminance(two)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("tokens", [DARK, LIGHT], ids=["dark", "light"])
def test_every_token_is_a_colour_and_text_can_be_read(tokens: Tokens) -> None:
    values = dataclasses.asdict(tokens)
    assert all(re.fullmatch(r"#[0-9A-F]{6}", value) for value in values.values())
    for name in ("text", "muted", "faint", "accent_text", "good", "warn", "bad"):
        for surface in ("window", "panel", "raised"):
            assert _contrast(values[name], values[surface]) >= 4.5, (name, surface)
    for surface in ("accent", "accent_hover", "accent_pressed"):
        assert _contrast(tokens.on_accent, values[surface]) >= 4.5
    for name in ("similarity", "align_cosine", "forget", "neighbour", "utility", "before", "after"):
        assert _contrast(values[name], tokens.plot) >= 4.5, name
    for name in ("good", "warn", "bad"):
        assert _contrast(values[name], values[f"{name}_soft"]) >= 4.5, name


@pytest.mark.parametrize("tokens", [DARK, LIGHT], ids=["dark", "light"])
def test_the_style_sheet_is_filled_completely(tokens: Tokens) -> None:
    sheet = style_sheet(tokens, _GLYPHS)
    assert "$" not in sheet
    assert sheet.count("{") == sheet.count("}")


def test_mix() -> None:
    assert mix("#000000", "#FFFFFF", 0.0) == "#ffffff"
    assert mix("#000000", "#FFFFFF", 1.0) == "#000000"
    assert mix("#FF0000", "#0000FF", 0.5) == "#800080"


def test_modes_change_the_tokens_and_say_so(theme: Theme, qtbot: object) -> None:
    theme.set_mode("dark")
    heard: list[bool] = []
    theme.changed.connect(lambda: heard.append(theme.is_dark))
    theme.set_mode("light")
    assert theme.tokens is LIGHT and heard == [False]
    theme.set_mode("light")
    assert heard == [False]
    theme.set_mode("dark")
    assert theme.tokens is DARK and heard == [False, True]


def test_fonts_have_their_pixels_weight_and_figures(theme: Theme) -> None:
    font = theme.font(20, 600)
    assert (font.pixelSize(), font.weight()) == (20, QFont.Weight.DemiBold)
    assert font.isFeatureSet(QFont.Tag("tnum"))
    assert not theme.font(13, figures=False).isFeatureSet(QFont.Tag("tnum"))
    assert theme.font(12, mono=True).families()[0] == "JetBrains Mono"


def test_dressed_icons_follow_the_colours_and_the_dead_are_forgotten(theme: Theme, qtbot: object) -> None:
    theme.set_mode("dark")
    kept, gone = QPushButton(), QLabel()
    theme.dress(kept, "play-fill", "text")
    theme.dress(gone, "info", "muted")
    before = kept.icon().pixmap(16, 16).toImage()
    gone.deleteLater()
    del gone
    theme.set_mode("light")
    assert kept.icon().pixmap(16, 16).toImage() != before
    kept.deleteLater()
    theme.set_mode("dark")


def test_an_icon_is_drawn_in_its_colour_and_once(theme: Theme) -> None:
    image = phosphor.draw("play-fill", "#FF0000", 32).toImage()
    assert (image.width(), image.pixelColor(14, 16).name(), image.pixelColor(0, 0).alpha()) == (32, "#ff0000", 0)
    assert theme.icon("play-fill").cacheKey() == theme.icon("play-fill").cacheKey()
    with pytest.raises(KeyError):
        phosphor.draw("no-such-icon", "#FF0000", 32)


def test_an_icon_keeps_a_distance_from_words_and_none_without(theme: Theme, qtbot: QtBot) -> None:
    made = QPushButton("Run")
    qtbot.addWidget(made)
    theme.dress(made, "play-fill")
    beside = made.iconSize()
    theme.say(made, "")
    assert made.text() == "" and made.iconSize().width() == made.iconSize().height() < beside.width()
    theme.say(made, "Run")
    assert made.iconSize() == beside


def test_a_window_can_be_built_before_the_style_sheet_is_there(qapp: QApplication, theme: Theme) -> None:
    before, window = (qapp.palette(), qapp.font(), qapp.styleSheet()), QWidget()
    button = QPushButton("Run", window)
    layout = QVBoxLayout(window)
    layout.addWidget(button)
    try:
        qapp.setStyleSheet("")
        theme.prepare(qapp)
        assert qapp.styleSheet() == "" and qapp.palette().window().color() == theme.color("window")
        layout.minimumSize()
        theme.apply(qapp)
        margins = layout.contentsMargins()
        assert qapp.styleSheet()
        assert layout.minimumSize().height() == button.minimumSizeHint().height() + margins.top() + margins.bottom()
    finally:
        qapp.setStyleSheet(before[2])
        qapp.setPalette(before[0])
        qapp.setFont(before[1])
        window.deleteLater()


def test_a_scheme_chosen_while_the_sheet_waits_does_not_bring_it_early(
    qapp: QApplication, theme: Theme, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, applied, heard = (qapp.palette(), qapp.font()), list[bool](), list[bool]()
    monkeypatch.setattr(theme, "apply", lambda: applied.append(True))
    theme.changed.connect(lambda: heard.append(theme.is_dark))
    try:
        theme.prepare(qapp)
        theme.set_mode("light" if theme.is_dark else "dark")
        assert (applied, heard) == ([], [theme.is_dark])
    finally:
        qapp.setPalette(before[0])
        qapp.setFont(before[1])


def test_glyphs_of_the_style_sheet_are_drawn_once_and_leave_nothing_behind(
    theme: Theme, qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache, temporary = tmp_path / 'odd "name" (of) a\'cache', tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("ATU_CACHE", str(cache))
    monkeypatch.setenv("TMPDIR", str(temporary))
    theme.set_mode("dark")
    theme.apply(qapp)
    try:
        files = sorted((cache / "glyphs").iterdir())
        assert len(files) == 8 and all(not QPixmap(str(file)).isNull() for file in files)
        box = QComboBox()
        box.resize(120, 30)
        with_arrow = box.grab().toImage()
        drawn = [file.stat().st_mtime_ns for file in files]
        theme.apply(qapp)
        assert [file.stat().st_mtime_ns for file in sorted((cache / "glyphs").iterdir())] == drawn
        qapp.setStyleSheet(qapp.styleSheet().replace("glyphs", "nowhere"))
        assert box.grab().toImage() != with_arrow, "a quoted path is found"
    finally:
        qapp.setStyleSheet("")
    assert list(temporary.iterdir()) == []


def test_a_cache_that_cannot_be_written_costs_the_glyphs_alone(
    theme: Theme, qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("ATU_CACHE", str(tmp_path / "file"))
    try:
        theme.apply(qapp)
        assert "QComboBox" in qapp.styleSheet()
    finally:
        qapp.setStyleSheet("")

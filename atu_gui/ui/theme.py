"""Colours, type and icons of the window, in one place: panels ask for tokens by name, never for hex.

`Theme` follows the system's light or dark scheme (or the user's choice), fills the palette and the style sheet, and
says `changed` so that everything painted by hand (plots, icons) can be painted again.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, get_args

import shiboken6
from PySide6.QtCore import QObject, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QIcon, QPalette, QPixmap
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QLayout

from atu_gui.core import paths
from atu_gui.core.look import DARK, LIGHT, Tokens
from atu_gui.ui import phosphor
from atu_gui.ui.stylesheet import style_sheet

Mode = Literal["system", "light", "dark"]
MODES: tuple[Mode, ...] = get_args(Mode)


_SANS = ("Inter", "Segoe UI", "SF Pro Text", "Noto Sans", "DejaVu Sans", "sans-serif")
_MONO = ("JetBrains Mono", "Cascadia Mono", "SF Mono", "Noto Sans Mono", "DejaVu Sans Mono", "monospace")
# The style sheet can take glyphs only from files; these are drawn into the cache for each scheme.
_GLYPHS = {
    "caret": ("caret-down", "muted"),
    "caret_up": ("caret-up", "muted"),
    "check": ("check-bold", "on_accent"),
    "menu_check": ("check-bold", "accent_text"),
}


# Between the icon of a button and its words, on top of what Qt leaves.
_WORDS_GAP = 3


class Theme(QObject):
    """The window's look. Signal: `changed` (tokens were replaced and the application is dressed anew)."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._mode: Mode = "system"
        self._tokens = DARK
        self._dressed: list[tuple[QAbstractButton | QLabel, str, str, int]] = []
        self._icons: dict[tuple[str, str, str, int, int], QIcon] = {}
        self._sheet_waits = False
        _load_fonts()
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._follow_system)
        self._tokens = DARK if self._wants_dark() else LIGHT

    @property
    def tokens(self) -> Tokens:
        """The colours in force."""
        return self._tokens

    @property
    def mode(self) -> Mode:
        """What the user chose."""
        return self._mode

    @property
    def is_dark(self) -> bool:
        """Whether the dark tokens are in force."""
        return self._tokens is DARK

    def set_mode(self, mode: Mode) -> None:
        """Follow the system, or hold one scheme."""
        self._mode = mode
        hints = QGuiApplication.styleHints()
        if mode == "system":
            hints.unsetColorScheme()
        else:
            # Native parts (title bar, file dialogs) follow this where the platform can.
            hints.setColorScheme(Qt.ColorScheme.Dark if mode == "dark" else Qt.ColorScheme.Light)
        self._follow_system()

    def font(self, size: int = 13, weight: int = 400, mono: bool = False, *, figures: bool = True) -> QFont:
        """The text or mono face at a pixel size, with tabular figures unless it is for words.

        Inter's tabular figures widen the hyphen too, which tears names such as SmolLM2-135M apart.
        """
        font = QFont()
        font.setFamilies(list(_MONO if mono else _SANS))
        font.setPixelSize(size)
        font.setWeight(QFont.Weight(weight))
        if figures:
            font.setFeature(QFont.Tag("tnum"), 1)
        return font

    def color(self, token: str, alpha: float = 1.0) -> QColor:
        """A token as a colour, optionally see-through."""
        color = QColor(getattr(self._tokens, token))
        color.setAlphaF(alpha)
        return color

    def icon(self, name: str, token: str = "text", size: int = 16, gap: int = 0) -> QIcon:
        """A Phosphor icon (“play-fill”) in the colour of a token; greyed where its control is off.

        `gap` are pixels that are left free on its right.
        """
        ink = getattr(self._tokens, token)
        key = (name, ink, self._tokens.off, size, gap)
        if key not in self._icons:
            # Drawn to pixmaps now: the icon keeps no link to the font and knows its size.
            drawn = QIcon()
            for scale in (1, 2):
                for colour, mode in ((ink, QIcon.Mode.Normal), (self._tokens.off, QIcon.Mode.Disabled)):
                    drawn.addPixmap(phosphor.draw(name, colour, size * scale, gap * scale), mode)
            self._icons[key] = drawn
        return self._icons[key]

    def dress(self, widget: QAbstractButton | QLabel, name: str, token: str = "text", size: int = 16) -> None:
        """Give a button or label an icon that is drawn again whenever the colours change."""
        self._dressed = [item for item in self._dressed if shiboken6.isValid(item[0]) and item[0] is not widget]
        self._dressed.append((widget, name, token, size))
        self._draw_on(widget, name, token, size)

    def say(self, button: QAbstractButton, words: str) -> None:
        """Give a dressed button other words, or none: then its icon stands alone."""
        button.setText(words)
        for item in self._dressed:
            if item[0] is button:
                self._draw_on(*item)

    def prepare(self, app: QApplication) -> None:
        """Fill palette and font; the style sheet waits for `apply`.

        Every widget that gets a parent is measured against the style sheet anew, so a window is built several times
        faster while there is none.
        """
        self._sheet_waits = True
        if app.style().objectName().lower() != "fusion" and not app.styleSheet():
            app.setStyle("Fusion")
        app.setFont(self.font(13, figures=False))
        app.setPalette(self._palette())

    def apply(self, app: QApplication | None = None) -> None:
        """Fill palette, font and style sheet of the application from the tokens."""
        target = app or QApplication.instance()
        if not isinstance(target, QApplication):
            return
        # One sheet put in another's place costs Qt over a second with all panels; none in between, a quarter of it.
        target.setStyleSheet("")
        self.prepare(target)
        self._sheet_waits = False
        target.setStyleSheet(style_sheet(self._tokens, self._draw_glyphs()))
        # Layouts that were never shown would keep what they measured before.
        for widget in target.topLevelWidgets():
            for layout in widget.findChildren(QLayout):
                layout.invalidate()
        self._redraw()

    @contextlib.contextmanager
    def undressed(self) -> Iterator[None]:
        """Build more of a window within the block, as quickly as before `apply`; nothing may be painted in it."""
        app = QApplication.instance()
        if not isinstance(app, QApplication) or not app.styleSheet():
            yield
            return
        app.setStyleSheet("")
        self._sheet_waits = True
        try:
            yield
        finally:
            self.apply(app)

    def _redraw(self) -> None:
        self._dressed = [item for item in self._dressed if shiboken6.isValid(item[0])]
        for item in self._dressed:
            self._draw_on(*item)
        self.changed.emit()

    def _follow_system(self) -> None:
        tokens = DARK if self._wants_dark() else LIGHT
        if tokens is self._tokens:
            return
        self._tokens = tokens
        if self._sheet_waits:
            self._redraw()
        else:
            self.apply()

    def _wants_dark(self) -> bool:
        if self._mode != "system":
            return self._mode == "dark"
        # A system that says nothing gets dark.
        return QGuiApplication.styleHints().colorScheme() != Qt.ColorScheme.Light

    def _draw_on(self, widget: QAbstractButton | QLabel, name: str, token: str, size: int) -> None:
        if isinstance(widget, QLabel):
            icon = self.icon(name, token, size)
            widget.setPixmap(icon.pixmap(QSize(size, size), widget.devicePixelRatioF()))
        else:
            # Qt leaves 4 pixels between icon and words and asks no style for them.
            gap = _WORDS_GAP if widget.text() else 0
            widget.setIcon(self.icon(name, token, size, gap))
            widget.setIconSize(QSize(size + gap, size))

    def _draw_glyphs(self) -> dict[str, str]:
        """Files with what a style sheet can only take from files, by name: drawn once on a machine.

        A cache that cannot be written costs these pictures and nothing else.
        """
        folder, drawn = paths.cache_folder() / "glyphs", {}
        with contextlib.suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
        for key, (name, token) in _GLYPHS.items():
            path = folder / f"{name}-{getattr(self._tokens, token).lstrip('#')}.png"
            icon = self.icon(name, token, 12)
            for ratio, file in ((1.0, path), (2.0, path.with_stem(f"{path.stem}@2x"))):
                if not file.is_file():
                    _save(icon.pixmap(QSize(12, 12), ratio), file)
            drawn[key] = path.as_posix()
        return drawn

    def _palette(self) -> QPalette:
        tokens = self._tokens
        role = QPalette.ColorRole
        palette = QPalette()
        for one, name in {
            role.Window: tokens.window,
            role.Base: tokens.raised,
            role.Button: tokens.raised,
            role.AlternateBase: tokens.panel,
            role.Text: tokens.text,
            role.WindowText: tokens.text,
            role.ButtonText: tokens.text,
            role.PlaceholderText: tokens.faint,
            role.Highlight: tokens.selection,
            role.HighlightedText: tokens.text,
            role.Accent: tokens.accent,
            role.Link: tokens.accent_text,
            role.LinkVisited: tokens.accent_text,
            role.ToolTipBase: tokens.hover,
            role.ToolTipText: tokens.text,
            role.Mid: tokens.edge,
            role.Midlight: tokens.line,
            role.Light: tokens.line,
            role.Dark: tokens.window,
            role.Shadow: tokens.window,
            role.BrightText: tokens.bad,
        }.items():
            palette.setColor(one, QColor(name))
        for one in (role.Text, role.WindowText, role.ButtonText, role.HighlightedText):
            palette.setColor(QPalette.ColorGroup.Disabled, one, QColor(tokens.off))
        return palette


def _save(picture: QPixmap, file: Path) -> None:
    """Whole or not at all: another window may be about to read it."""
    partial = file.with_name(f"{os.getpid()}-{file.name}")
    if picture.save(str(partial)):
        with contextlib.suppress(OSError):
            partial.replace(file)


def _load_fonts() -> None:
    """Register the bundled faces; a missing folder leaves the system's own."""
    folder = paths.resource("fonts")
    for path in sorted(folder.glob("*.ttf")) if folder.is_dir() else ():
        QFontDatabase.addApplicationFont(str(path))

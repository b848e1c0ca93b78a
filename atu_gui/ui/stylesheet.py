"""The one style sheet, as a template over the theme's tokens.

Variants are dynamic properties: `kind` (primary, quiet, danger, link), `measure` (huge, large, compact, flush), `role`
(title, heading, muted, faint, small, caption, figure, welcome), `mark` (leak, ok, flag, live, plain), `invalid`.
"""

from __future__ import annotations

import dataclasses
from string import Template
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from atu_gui.core.look import Tokens

_TEXT = """
QToolTip { background: $hover; color: $text; border: 1px solid $edge; padding: 4px 8px; font-size: 12px; }
QLabel { background: transparent; }
QLabel[role="welcome"] { font-size: 24px; font-weight: 600; }
QLabel[role="figure"] { font-size: 20px; font-weight: 600; }
QLabel[role="title"] { font-size: 15px; font-weight: 600; }
QLabel[role="heading"] { font-weight: 600; }
QLabel[role="muted"] { color: $muted; }
QLabel[role="faint"] { color: $faint; }
QLabel[role="small"] { color: $muted; font-size: 12px; }
QLabel[role="caption"] { color: $muted; font-size: 11px; }
QLabel[role="error"] { color: $bad; font-size: 12px; }
QLabel[mark] { border-radius: 4px; padding: 2px 6px; font-size: 12px; }
QLabel[mark="leak"] { background: $bad_soft; color: $bad; }
QLabel[mark="ok"] { background: $good_soft; color: $good; }
QLabel[mark="flag"] { background: $warn_soft; color: $warn; }
QLabel[mark="live"] { background: $accent_soft; color: $accent_text; }
QLabel[mark="plain"] { background: $raised; color: $muted; border: 1px solid $line; padding: 1px 6px; }
"""

_BUTTONS = """
QPushButton { background: $raised; border: 1px solid $edge; border-radius: 4px; padding: 0 10px;
    min-height: 26px; color: $text; }
QPushButton:hover { background: $hover; border-color: $edge2; }
QPushButton:pressed { background: $panel; border-color: $edge2; }
QPushButton:disabled { background: $panel; border-color: $line; color: $off; }
QPushButton[kind="primary"] { background: $accent; border-color: $accent; color: $on_accent; font-weight: 500; }
QPushButton[kind="primary"]:hover { background: $accent_hover; border-color: $accent_hover; }
QPushButton[kind="primary"]:pressed { background: $accent_pressed; border-color: $accent_pressed; }
QPushButton[kind="primary"]:disabled { background: $panel; border-color: $line; color: $off; }
QPushButton[kind="danger"] { background: transparent; border-color: transparent; color: $bad; }
QPushButton[kind="danger"]:hover { background: $bad_soft; }
QPushButton[kind="quiet"], QToolButton { background: transparent; border: 1px solid transparent; border-radius: 4px;
    color: $text; }
QPushButton[kind="quiet"]:hover, QToolButton:hover { background: $hover; }
QPushButton[kind="quiet"]:pressed, QToolButton:pressed { background: $raised; }
QPushButton[kind="quiet"]:checked, QToolButton:checked { background: $accent_soft; color: $accent_text; }
QPushButton[kind="quiet"]:disabled, QToolButton:disabled { color: $off; background: transparent; }
QPushButton[kind="link"] { background: transparent; border: 1px solid transparent; color: $accent_text;
    padding: 0 2px; min-height: 22px; text-align: left; }
QPushButton[kind="link"]:hover { text-decoration: underline; }
QPushButton[kind="link"]:disabled { color: $off; }
QPushButton[measure="large"] { min-height: 30px; padding: 0 12px; font-weight: 500; }
QPushButton[bare="true"] { padding: 0; }
QPushButton[measure="flush"] { padding: 0 4px; }
QPushButton[measure="huge"] { min-height: 34px; padding: 0 20px; font-size: 15px; font-weight: 500; }
QPushButton[measure="picker"] { min-height: 38px; }
QPushButton[measure="flat-picker"] { min-height: 32px; }
QPushButton[measure="compact"] { min-height: 22px; padding: 0 8px; font-size: 12px; }
QPushButton, QToolButton, QCheckBox, QTabBar { outline: none; }
QToolButton { padding: 3px; min-width: 20px; min-height: 20px; }
QToolButton::menu-indicator { image: none; width: 0; }
QPushButton::menu-indicator { image: none; width: 0; }
QToolButton[kind="tag"] { background: $raised; border: 1px solid $line; color: $muted; padding: 1px 4px 1px 6px;
    font-size: 12px; min-height: 18px; }
QToolButton[kind="tag"]:hover { border-color: $edge2; color: $text; }
"""

_FIELDS = """
QLineEdit, QPlainTextEdit, QTextEdit, QAbstractSpinBox, QComboBox { background: $raised; border: 1px solid $edge;
    border-radius: 4px; color: $text; selection-background-color: $accent; selection-color: $on_accent; }
QLineEdit, QAbstractSpinBox, QComboBox { min-height: 26px; padding: 0 8px; }
QAbstractSpinBox { max-height: 26px; }
QPlainTextEdit, QTextEdit { padding: 4px 6px; }
QLineEdit:hover, QPlainTextEdit:hover, QTextEdit:hover, QAbstractSpinBox:hover, QComboBox:hover
    { border-color: $edge2; }
QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus, QAbstractSpinBox:focus, QComboBox:focus
    { border-color: $accent_text; }
QLineEdit:disabled, QPlainTextEdit:disabled, QTextEdit:disabled, QAbstractSpinBox:disabled, QComboBox:disabled
    { background: $panel; border-color: $line; color: $muted; }
QLineEdit:read-only { color: $muted; }
QLineEdit[invalid="true"], QAbstractSpinBox[invalid="true"], QComboBox[invalid="true"],
    QPlainTextEdit[invalid="true"] { border-color: $bad; }
QLineEdit[pending="true"], QAbstractSpinBox[pending="true"], QComboBox[pending="true"]
    { border: 1px dashed $accent_text; color: $accent_text; }
QLineEdit[measure="huge"] { min-height: 34px; padding: 0 12px; font-size: 15px; }
QAbstractSpinBox QLineEdit, QComboBox QLineEdit { border: none; background: transparent; padding: 0;
    min-height: 0; }
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button { width: 18px; border: none; background: transparent; }
QAbstractSpinBox::up-button { subcontrol-position: top right; }
QAbstractSpinBox::down-button { subcontrol-position: bottom right; }
QAbstractSpinBox::up-arrow { image: url("$caret_up"); width: 10px; height: 10px; }
QAbstractSpinBox::down-arrow { image: url("$caret"); width: 10px; height: 10px; }
QComboBox::drop-down { border: none; width: 24px; }
QComboBox::down-arrow { image: url("$caret"); width: 12px; height: 12px; }
QComboBox QAbstractItemView { background: $raised; border: 1px solid $edge; padding: 4px; outline: none;
    selection-background-color: $selection; selection-color: $text; }
QComboBox QAbstractItemView::item { min-height: 26px; padding: 0 6px; border-radius: 4px; }
QCheckBox { spacing: 8px; background: transparent; }
QCheckBox::indicator, QListView::indicator { width: 14px; height: 14px; border: 1px solid $edge2;
    border-radius: 3px; background: $raised; }
QCheckBox::indicator:hover, QListView::indicator:hover { border-color: $accent_text; }
QCheckBox::indicator:checked, QListView::indicator:checked { background: $accent; border-color: $accent;
    image: url("$check"); }
QCheckBox::indicator:disabled { border-color: $line; background: $panel; }
QSlider::groove:horizontal { height: 4px; border-radius: 2px; background: $line; }
QSlider::sub-page:horizontal { background: $accent; border-radius: 2px; }
QSlider::handle:horizontal { width: 12px; height: 12px; margin: -4px 0; border-radius: 6px; background: $accent; }
QSlider::handle:horizontal:disabled, QSlider::sub-page:horizontal:disabled { background: $edge; }
QProgressBar { background: $line; border: none; border-radius: 2px; min-height: 4px; max-height: 4px; }
QProgressBar::chunk { background: $accent; border-radius: 2px; }
QProgressBar[state="done"]::chunk { background: $good; }
"""

_VIEWS = """
QScrollArea { background: transparent; border: none; }
QScrollArea > QWidget > QWidget[plain="true"] { background: transparent; }
QAbstractItemView { background: $panel; alternate-background-color: $panel; border: none; outline: none;
    selection-background-color: $selection; selection-color: $text; gridline-color: $line; }
QTableView::item, QTreeView::item, QListView::item { padding: 0 8px; border: none; border-bottom: 1px solid $line; }
QTableView::item:selected, QTreeView::item:selected, QListView::item:selected { background: $selection; color: $text; }
QListView::item { padding: 6px 8px; }
QTableView[kind="quiet"]::item { border-bottom: none; padding: 0 1px; }
QListView[kind="ticks"]::item { padding: 6px 0; }
QHeaderView { background: $panel; border: none; }
QHeaderView::section { background: $panel; color: $muted; border: none; border-bottom: 1px solid $line;
    padding: 0 11px; min-height: 28px; font-weight: 400; }
QHeaderView::up-arrow, QHeaderView::down-arrow { width: 8px; height: 8px; subcontrol-origin: margin;
    subcontrol-position: top center; }
QHeaderView::up-arrow { image: url("$caret_up"); }
QHeaderView::down-arrow { image: url("$caret"); }
QHeaderView[kind="quiet"]::section { padding: 0 3px; font-size: 12px; }
QTableCornerButton::section { background: $panel; border: none; }
QScrollBar, QAbstractScrollArea::corner { background: transparent; border: none; }
QScrollBar:vertical { width: 10px; margin: 0; }
QScrollBar:horizontal { height: 10px; margin: 0; }
QScrollBar::handle { background: $edge; border-radius: 3px; margin: 2px; }
QScrollBar::handle:vertical { min-height: 28px; }
QScrollBar::handle:horizontal { min-width: 28px; }
QScrollBar::handle:hover { background: $edge2; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QTabWidget::pane { border: none; border-top: 1px solid $line; background: $panel; }
QTabBar { background: transparent; qproperty-drawBase: 0; }
QTabBar::tab { background: transparent; color: $muted; border: none; border-bottom: 2px solid transparent;
    padding: 0 4px; margin: 0 8px; min-height: 33px; font-weight: 500; }
QTabBar::tab:first, QTabBar::tab:only-one { margin-left: 12px; }
QTabBar::tab:hover { color: $text; }
QTabBar::tab:selected { color: $text; border-bottom: 2px solid $accent; }
QTabBar::tab:focus { color: $accent_text; }
"""

_FRAME = """
QMainWindow { background: $window; }
QMainWindow::separator { background: $window; width: 8px; height: 8px; }
QMainWindow::separator:hover { background: $edge; }
QMenuBar { background: $window; color: $text; border: none; spacing: 0; }
QMenuBar::item { padding: 8px 11px; background: transparent; color: $muted; }
QMenuBar::item:selected, QMenuBar::item:pressed { background: $hover; color: $text; border-radius: 4px; }
QMenu { background: $raised; border: 1px solid $edge; padding: 4px; }
QMenu::item { padding: 6px 24px 6px 10px; border-radius: 4px; }
QMenu::item:selected { background: $selection; }
QMenu::item:disabled { color: $off; }
QMenu::separator { height: 1px; background: $line; margin: 4px 8px; }
QMenu::indicator { width: 12px; height: 12px; left: 6px; }
QMenu::indicator:checked { image: url("$menu_check"); }
QMenu::item:checked, QMenu::item:unchecked { padding-left: 26px; }
QMenu::icon { left: 6px; }
QStatusBar { background: $window; color: $muted; border: none; font-size: 12px; }
QStatusBar::item { border: none; }
QStatusBar QLabel { font-size: 12px; }
QWidget#menu_row { background: $window; border-bottom: 1px solid $line; }
QWidget#toolbar_row { background: $panel; border-bottom: 1px solid $line; }
QFrame#dock_title { background: $panel; border: 1px solid $line; border-bottom: 1px solid $line;
    border-top-left-radius: 6px; border-top-right-radius: 6px; }
QFrame#dock_body { background: $panel; border: 1px solid $line; border-top: none;
    border-bottom-left-radius: 6px; border-bottom-right-radius: 6px; }
QFrame#dock_body[alone="true"] { border-top: 1px solid $line; border-radius: 6px; }
QFrame[card="true"] { background: $panel; border: 1px solid $line; border-radius: 6px; }
QFrame[card="raised"] { background: $raised; border: none; border-radius: 4px; }
QFrame[card="error"] { background: $panel; border: 1px solid $line; border-left: 3px solid $bad; border-radius: 4px; }
QFrame[card="warn"] { background: $panel; border: 1px solid $line; border-left: 3px solid $warn; border-radius: 4px; }
QFrame[card="info"] { background: $panel; border: 1px solid $line; border-left: 3px solid $accent;
    border-radius: 4px; }
QFrame[rule="true"] { background: $line; border: none; max-height: 1px; min-height: 1px; }
QFrame[rule="vertical"] { background: $line; border: none; max-width: 1px; min-width: 1px; }
QFrame#welcome_side { background: $panel; border: none; border-left: 1px solid $line; }
QDialog { background: $panel; }
QFrame#palette { background: $panel; border: 1px solid $edge; }
QFrame#palette QListView::item { border: none; }
QSplitter::handle { background: $line; }
"""


def style_sheet(tokens: Tokens, glyphs: Mapping[str, str]) -> str:
    """The style sheet in the colours of `tokens`, with `glyphs` (names to image files) for arrows and checks."""
    quoted = {name: file.replace("\\", "\\\\").replace('"', '\\"') for name, file in glyphs.items()}
    values = {field.name: getattr(tokens, field.name) for field in dataclasses.fields(tokens)}
    return Template(_TEXT + _BUTTONS + _FIELDS + _VIEWS + _FRAME).substitute(values, off=tokens.off, **quoted)

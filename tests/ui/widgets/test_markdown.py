from __future__ import annotations

import re

from PySide6.QtGui import QFont, QTextDocument
from PySide6.QtWidgets import QApplication

from atu_gui.ui.widgets.markdown import looks_like_markdown, rendered


def words_of(html: str) -> str:
    document = QTextDocument()
    document.setHtml(html)
    return document.toPlainText()


def test_only_marks_make_markdown() -> None:
    for words in ("It is **bold**.", "Use `x`.", "# Title", "- one\n- two", "1. first", "| a | b |"):
        assert looks_like_markdown(words), words
    for words in ("A plain answer.", "3 * 4 = 12", "snake_case_name", "<b>x</b>", "It cost 5.50 - cheap"):
        assert not looks_like_markdown(words), words


def test_emphasis_and_lists_are_rendered(qapp: QApplication) -> None:
    html = rendered("It is **bold**:\n\n- one\n- two", QFont())
    assert words_of(html).split() == ["It", "is", "bold:", "one", "two"]
    assert "font-weight" in html
    assert "<li" in html


def test_lists_begin_near_the_edge_level_by_level(qapp: QApplication) -> None:
    html = rendered("1. Banana\n2. Apple\n\n- one\n  - nested\n", QFont())
    assert "-qt-list-indent: 1;" not in html
    margins = [int(found) for found in re.findall(r"<li[^>]*?margin-left:(\d+)px;", html)]
    assert margins == [24, 24, 24, 48]
    assert "Banana" in words_of(html) and "nested" in words_of(html)


def test_nothing_a_model_writes_can_load_or_open_anything(qapp: QApplication) -> None:
    evil = "**x** ![pic](file:///etc/passwd) [click](http://example.org) <img src='file:///x'> <a href='http://y'>z</a>"
    html = rendered(evil, QFont())
    assert "<img" not in html
    assert "<a " not in html
    assert "src='file:///x'" in words_of(html)
    assert "pic" in words_of(html) and "click" in words_of(html)

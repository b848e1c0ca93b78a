"""Markdown that a model wrote, made safe to show: no HTML, no pictures, no remote anything."""

from __future__ import annotations

import re

from PySide6.QtGui import QFont, QTextDocument

# Emphasis, code, headings, lists and tables: without one of them the words are shown as they are.
_MARKS = re.compile(r"\*\*\S|`[^`]+`|^\s{0,3}#{1,6}\s|^\s{0,3}(?:[-*+]|\d+[.)])\s+\S|^\s*\|.+\|\s*$|^```", re.MULTILINE)
# Qt moves each level of a list in by 40 pixels, which a narrow answer has no room for; numbers need about half of that.
_OF_LISTS = re.compile(r"<(/?)(ol|ul|li)\b([^>]*)>")
_INDENT = 24
_SAFE = QTextDocument.MarkdownFeature.MarkdownDialectGitHub | QTextDocument.MarkdownFeature.MarkdownNoHTML


def looks_like_markdown(words: str) -> bool:
    """Whether there is anything to render."""
    return _MARKS.search(words) is not None


def rendered(words: str, font: QFont) -> str:
    """Rich text for a label. Pictures and links become their words: nothing a model writes may load or open a file."""
    plain = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", words)
    document = QTextDocument()
    document.setDefaultFont(font)
    document.setMarkdown(plain, _SAFE)
    # The bundled face ends at 600; 700 would be smeared from it.
    html = document.toHtml().replace("font-weight:700", "font-weight:600")
    return re.sub(r"<(?:img|a)\b[^>]*>|</a>", "", _moved_left(html))


def _moved_left(html: str) -> str:
    """Lists with the indents of `_INDENT` instead of Qt's."""
    depth = 0

    def tag(found: re.Match[str]) -> str:
        nonlocal depth
        closing, name, style = found.groups()
        if name == "li":
            style = style.replace("margin-left:0px;", f"margin-left:{_INDENT * depth}px;")
        elif closing:
            depth -= 1
        else:
            depth += 1
            style = style.replace(f"-qt-list-indent: {depth};", "-qt-list-indent: 0;")
        return f"<{closing}{name}{style}>"

    return _OF_LISTS.sub(tag, html)

"""Reading what was asked of a run by hand; chats and asking write it, each to a file of its own."""

from __future__ import annotations

from pathlib import Path

from atu_gui.core import asked, chats, tokens
from atu_gui.core.inquiries import Inquiries
from atu_gui.core.records import kept_lines
from atu_gui.service.folders import ASKED_FILE, CHATS_FILE, LOOKS_FILE


def inquiries_in(folder: Path) -> Inquiries:
    """What is kept in the folder of a run; damaged lines are left out."""
    return Inquiries(
        kept_lines(folder / CHATS_FILE, chats.from_line),
        kept_lines(folder / ASKED_FILE, asked.from_line),
        kept_lines(folder / LOOKS_FILE, tokens.from_line),
    )

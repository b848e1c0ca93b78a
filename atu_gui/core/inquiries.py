"""All that was asked by hand of the weights of a run: in the chat, in many ways at once, and token by token."""

from __future__ import annotations

from dataclasses import dataclass

from atu_gui.core.asked import AskedQuestion
from atu_gui.core.chats import Chat
from atu_gui.core.tokens import TokenLook


@dataclass(frozen=True, slots=True)
class Inquiries:
    """Each kind oldest first."""

    chats: tuple[Chat, ...] = ()
    asked: tuple[AskedQuestion, ...] = ()
    looks: tuple[TokenLook, ...] = ()


NOTHING_ASKED = Inquiries()

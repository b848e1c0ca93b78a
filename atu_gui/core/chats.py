"""What was asked in the chat and answered: kept with the run that it was asked of, and written out for reading."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from atu_gui.core.records import parse, restore


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """One side's answer; `weights` names exactly what answered."""

    weights: str
    text: str
    stopped: bool
    seconds: float


@dataclass(frozen=True, slots=True)
class Chat:
    """One question with its answers. `asked` is Unix time in seconds."""

    prompt: str
    temperature: float
    seed: int
    asked: float
    answers: tuple[KeptAnswer, ...]


def to_line(chat: Chat) -> str:
    """The chat as one line of JSON."""
    return json.dumps(dataclasses.asdict(chat), ensure_ascii=False)


def from_line(line: str) -> Chat:
    """The chat that `to_line` wrote.

    Raises:
        ValueError: It is damaged or of another version.
    """
    try:
        data: dict[str, Any] = parse(line)
        answers = restore(tuple[KeptAnswer, ...], data.pop("answers"))
        return Chat(answers=answers, **data)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"a damaged chat: {error}") from None


def as_markdown(title: str, chats: Sequence[Chat]) -> str:
    """All chats for reading: each question as a heading, each answer quoted below the weights that gave it."""
    lines = [f"# {title}", ""]
    for chat in chats:
        lines += [f"## {' '.join(chat.prompt.split())}", "", f"Temperature {chat.temperature:g}, seed {chat.seed}.", ""]
        for answer in chat.answers:
            ending = ", stopped" if answer.stopped else ""
            lines += [f"**{answer.weights}** ({answer.seconds:.1f} s{ending})", ""]
            lines += [f"> {line}".rstrip() for line in (answer.text.strip() or "No words.").splitlines()]
            lines.append("")
    return "\n".join(lines)

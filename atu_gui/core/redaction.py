"""What may leave this machine in a report: no tokens, no texts of the user's, no name of the home folder."""

from __future__ import annotations

import os
import re
import traceback
from pathlib import Path

from atu_gui.core.errors import AtuError

HIDDEN = "[hidden]"
# Where the hub's library, pip and Git keep secrets.
SECRETS = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HUGGINGFACE_TOKEN")
_HUB_TOKEN = re.compile(r"\b(?:hf|api_org)_[A-Za-z0-9]{8,}")
_NAMED = re.compile(r"(?i)\b(bearer\s+|(?:token|password|secret|api[_-]?key)[\"']?\s*[:=]\s*[\"']?)[\w.~+/-]{6,}=*")
_IN_ADDRESS = re.compile(r"(?<=://)[^\s/@]+@")
_QUOTED = re.compile(r"“[^”]*”|‘[^’]*’|\"[^\"]*\"|'[^']*'|`[^`]*`", re.DOTALL)
# Words of these name parts of programs; words of any other kind of error may quote what the user wrote.
_OF_PROGRAMS = (ImportError, AttributeError, NameError, TypeError, MemoryError, RecursionError)
_LEFT_OUT = "(its words are left out: they may quote texts)"
_LONGEST = 300


def redacted(words: str) -> str:
    """The same words without tokens and passwords, the home folder as ~."""
    return without_home(without_tokens(words))


def without_tokens(words: str) -> str:
    """The same words without tokens and passwords: by their form, their name, and those of the environment."""
    for secret in (os.environ.get(name, "") for name in SECRETS):
        # A shorter one would take ordinary words along.
        if len(secret) >= 6:
            words = words.replace(secret, HIDDEN)
    words = _HUB_TOKEN.sub(HIDDEN, words)
    words = _IN_ADDRESS.sub(f"{HIDDEN}@", words)
    return _NAMED.sub(rf"\1{HIDDEN}", words)


def without_home(words: str) -> str:
    """The same words with the user's folder as ~."""
    try:
        home = str(Path.home())
    except RuntimeError:
        # An account without one.
        return words
    if len(home) < 3:
        return words
    return re.sub(re.escape(home) + r"(?=[/\\\"'\s:,;)]|$)", "~", words)


def textless_words(error: BaseException) -> str:
    """An error's kind, with its own words only where they cannot quote what the user wrote."""
    kind = type(error).__name__
    if isinstance(error, OSError) and error.strerror:
        return f"{kind}: {error.strerror}"
    if isinstance(error, AtuError) or not isinstance(error, (*_OF_PROGRAMS, RuntimeError)):
        return f"{kind} {_LEFT_OUT}"
    words = " ".join(str(error).split())
    if isinstance(error, RuntimeError) and not isinstance(error, _OF_PROGRAMS):
        words = _QUOTED.sub("“…”", words)
    return redacted(f"{kind}: {words[:_LONGEST]}" if words else kind)


def textless_traceback(error: BaseException) -> str:
    """Where an error arose and of what kind it is, with those behind it, the first cause first; no line of source."""
    told: list[str] = []
    link: BaseException | None = error
    seen: set[int] = set()
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        places = [
            f'  File "{without_home(frame.filename)}", line {frame.lineno}, in {frame.name}'
            for frame in traceback.extract_tb(link.__traceback__)
        ]
        told.append("\n".join(["Traceback (most recent call last):", *places, textless_words(link)]))
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    return "\nand so:\n".join(reversed(told))

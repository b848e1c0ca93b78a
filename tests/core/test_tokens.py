"""Looks at tokens, kept."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest

from atu_gui.core.tokens import TokenLine, TokenLook, from_line, to_line

LINE = TokenLine("round 2 · 0f0f", 2, 0.2, ("A", " painter"), (0.1, 0.3))
LOOK = TokenLook("Who was he?", 1.7e9, (LINE,))


def test_a_look_comes_back_whole() -> None:
    assert from_line(to_line(LOOK)) == LOOK
    assert LINE.above == 1


@pytest.mark.parametrize(
    "change",
    [
        {"lines": []},
        {"lines": None},
        {"looked": "noon"},
        {"unknown": 1},
        {"lines": [asdict(LINE) | {"similarities": [0.1]}]},
        {"lines": [asdict(LINE) | {"tokens": [1, 2]}]},
    ],
)
def test_a_damaged_look_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="look"):
        from_line(json.dumps(json.loads(to_line(LOOK)) | change))

from __future__ import annotations

import pytest

from atu_gui.core.chats import Chat, KeptAnswer, as_markdown, from_line, to_line

CHAT = Chat(
    "Who\nwas it?",
    0.5,
    3,
    1.7e9,
    (
        KeptAnswer("untouched weights", "A **painter**.\n\nSurely.", False, 0.42),
        KeptAnswer("run 1, round 2", "", True, 0.1),
    ),
)


def test_a_chat_is_one_line_and_comes_back() -> None:
    line = to_line(CHAT)
    assert "\n" not in line
    assert from_line(line) == CHAT


@pytest.mark.parametrize("line", ["", "{", "[]", "{}", '{"prompt": "x", "answers": [{"odd": 1}]}'])
def test_a_damaged_line_is_refused(line: str) -> None:
    with pytest.raises(ValueError):
        from_line(line)


def test_markdown_names_the_weights_of_every_answer() -> None:
    lines = as_markdown("Chat", [CHAT]).splitlines()
    assert lines[:5] == ["# Chat", "", "## Who was it?", "", "Temperature 0.5, seed 3."]
    assert "**untouched weights** (0.4 s)" in lines
    assert lines[lines.index("> A **painter**.") :][:3] == ["> A **painter**.", ">", "> Surely."]
    assert "**run 1, round 2** (0.1 s, stopped)" in lines
    assert "> No words." in lines

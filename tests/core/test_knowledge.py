from __future__ import annotations

from atu_gui.core.knowledge import Answered, Knowledge


def _answers(*recalls: float, about: str = "") -> tuple[Answered, ...]:
    return tuple(Answered(about, "Who?", "Ada", "Ada", recall) for recall in recalls)


def test_enough_is_said_with_count_and_recall() -> None:
    found = Knowledge(_answers(1.0, 0.5, 0.3, 0.0), (), own=False)
    assert found.verdict == "It answers 2 of 4 questions (recall 0.45). Enough to see whether it forgets."
    assert not found.little


def test_own_questions_are_called_so() -> None:
    verdict = Knowledge(_answers(1.0), (), own=True).verdict
    assert verdict.startswith("It answers 1 of 1 question (recall 1.00).")
    assert verdict.endswith("It made them itself: this is what it says, not what is true.")


def test_next_to_nothing_names_a_neighbour_that_it_knows() -> None:
    neighbours = (*_answers(0.0, 1.0, 1.0, about="Michelangelo"), *_answers(0.2, about="Titian"))
    found = Knowledge(_answers(0.1, 0.0), neighbours, own=False)
    assert found.little
    assert found.verdict == (
        "It answers 0 of 2 questions (recall 0.05). It knows almost nothing of this, so little can be forgotten or "
        "measured. It knows more about Michelangelo (2 of 3)."
    )


def test_a_neighbour_hardly_known_is_not_named() -> None:
    assert Knowledge(_answers(0.0), _answers(0.2, about="Titian"), own=False).better_known() == ""


def test_without_questions_there_is_no_recall() -> None:
    found = Knowledge((), (), own=False)
    assert found.recall is None and found.verdict == "There are no questions about the concept to ask."

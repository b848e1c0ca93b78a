"""What this machine remembers of paces, and how it carries them over to other settings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from atu_gui.core.config import RunConfig
from atu_gui.core.pace_memory import PaceMemory
from atu_gui.core.paces import Part
from atu_gui.core.workload import Workload
from tests.core.test_workload import of

SEEN: dict[Part, float] = {"first align": 0.1, "align": 0.4, "unlearn": 2.0, "probe": 0.3, "asides": 6.0}


@pytest.fixture
def memory(tmp_path: Path) -> PaceMemory:
    return PaceMemory(tmp_path / "cache" / "paces.json")


def _batch(size: int, layer: int = 10) -> Workload:
    config = RunConfig(layers=[layer])
    config.windows.batch = size
    return of(config)


def test_the_same_settings_have_the_same_paces(memory: PaceMemory) -> None:
    assert memory.recall(_batch(8)).paces == {} and memory.recall(_batch(8)).words == ""
    memory.keep(_batch(8), SEEN, "steps", 20)
    found = memory.recall(_batch(8))
    assert found.paces == SEEN and found.exact and found.words == "from 20 measured steps"
    memory.keep(_batch(8), {"unlearn": 3.0, "between": 4.0}, "run")
    found = memory.recall(_batch(8))
    assert found.paces == {**SEEN, "unlearn": 3.0, "between": 4.0} and found.words == "from your last run"


def test_other_settings_are_scaled_by_their_arithmetic(memory: PaceMemory) -> None:
    memory.keep(_batch(8), SEEN, "steps", 20)
    found = memory.recall(_batch(4))
    assert not found.exact and found.words == "scaled from 20 measured steps with other settings"
    # A little more than half: what does not hang on the batch, such as the update of all weights, is not halved.
    for part, whole in (("first align", 0.1), ("align", 0.4), ("unlearn", 2.0)):
        assert 0.5 * whole < found.paces[part] < 0.6 * whole  # type: ignore[index]
    assert found.paces["probe"] == 0.3, "questions are asked of the whole model whatever is trained"
    deeper = memory.recall(_batch(8, layer=20)).paces
    assert deeper["first align"] == pytest.approx(0.1) and 3.5 < deeper["unlearn"] < 4.0


def test_the_nearest_settings_are_taken_and_the_next_fill_in(memory: PaceMemory) -> None:
    memory.keep(_batch(16), {"unlearn": 4.0, "between": 3.0}, "run")
    memory.keep(_batch(4), {"unlearn": 1.5}, "run")
    found = memory.recall(_batch(3))
    assert found.paces["unlearn"] == pytest.approx(1.5 * 3 / 4, rel=0.1)
    assert found.paces["between"] == pytest.approx(3.0, rel=0.2)


def test_of_two_that_are_equally_near_the_newer_one_counts(memory: PaceMemory) -> None:
    usual = _batch(8)
    for settings, seconds in (("one way", 1.0), ("another", 2.0)):
        memory.keep(replace(usual, settings=settings), {"unlearn": seconds}, "run")
    assert memory.recall(usual).paces["unlearn"] == 2.0


def test_another_model_is_a_hint_only_where_there_is_no_other(memory: PaceMemory) -> None:
    work = _batch(8)
    bigger = Workload("big · e", work.device, work.settings, {part: cost * 4 for part, cost in work.costs.items()})
    elsewhere = Workload("big · e", "cuda:0 · bfloat16", work.settings, work.costs)
    memory.keep(work, SEEN, "run")
    found = memory.recall(bigger)
    assert found.paces["unlearn"] == pytest.approx(8.0) and not found.exact
    assert found.words == "scaled from your last run with another model"
    assert memory.recall(elsewhere).paces == {}, "another device says nothing"
    memory.keep(bigger, {"unlearn": 9.0}, "run")
    assert memory.recall(bigger).paces == {"unlearn": 9.0}


def test_a_run_that_saw_no_unlearn_step_leaves_the_rest_to_others(memory: PaceMemory) -> None:
    memory.keep(_batch(16), SEEN, "run")
    memory.keep(_batch(8), {"first align": 0.2}, "run")
    found = memory.recall(_batch(8))
    assert (
        not found.exact and found.paces["first align"] == 0.2 and found.paces["unlearn"] == pytest.approx(1.0, rel=0.1)
    )


def test_damaged_files_and_values_cost_only_themselves(tmp_path: Path) -> None:
    path = tmp_path / "paces.json"
    memory = PaceMemory(path)
    memory.keep(_batch(8), SEEN, "run")
    for words in ('[{"model": 3}, 4, null, ', '{"a": {"unlearn": 1.0}}', "{ damaged", "[1]"):
        good = path.read_text(encoding="utf-8").strip()
        path.write_text(words if words[0] == "{" or words == "[1]" else words + good[1:], encoding="utf-8")
        assert bool(memory.recall(_batch(8)).paces) == words.startswith('[{"model"')
        path.write_text(good, encoding="utf-8")
    memory.keep(_batch(8), {"unlearn": float("nan"), "probe": -1.0}, "run")
    assert memory.recall(_batch(8)).paces == SEEN
    (tmp_path / "file").write_text("")
    PaceMemory(tmp_path / "file" / "paces.json").keep(_batch(8), SEEN, "run")

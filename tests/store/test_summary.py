from __future__ import annotations

import json
from pathlib import Path

from atu_gui.store.rows import RunState
from atu_gui.store.summary import retell_verdicts, summarise, write_summary
from tests.core.test_findings import found
from tests.store.samples import whole_run
from tests.ui.fake_auditing import forgetting
from tests.ui.fake_keeping import past_config, past_events

DONE = RunState("done", 12.0, 1, "all rounds done")


def test_the_summary_says_what_the_run_came_to() -> None:
    summary = summarise(whole_run(), DONE, {"python": "3.11"})
    rounds = summary.pop("rounds")
    assert summary == {
        "run_id": "3f2a",
        "model": "tiny",
        "encoder": "small",
        "concepts": ["Ada Lovelace"],
        "layers": [10],
        "recipe": "default",
        "seed": 7,
        "seconds": 12.0,
        "versions": {"python": "3.11"},
        "status": "done",
        "stopped_because": "all rounds done",
        "best_round": 1,
        "verdicts": [],
    }
    assert [line["round"] for line in rounds] == [0, 1]
    assert [line["seconds"] for line in rounds] == [4.0, 6.0]


def test_every_score_stands_with_its_interval() -> None:
    untouched, first = summarise(whole_run(), DONE, {})["rounds"]
    assert untouched["tau"] is None
    assert untouched["active_fraction"] is None
    assert first["forget"] == {
        "rouge_l_recall": 0.25,
        "answer_logprob": -2.0,
        "n": 20,
        "ci95": [0.1, 0.7],
        "answer_logprob_ci95": [-2.5, -1.5],
    }
    assert first["neighbour"] is None
    assert first["utility"] == {"token_loss": 2.2, "n": 40, "ci95": [2.1, 2.3]}
    assert first["fluency"] == {"entropy": 5.0, "n": 10, "ci95": [4.9, 5.1]}
    assert (first["tau"], first["align_cosine"], first["similarity_p95"]) == (0.35, 0.6, 0.45)


def test_a_run_that_never_began_has_a_summary_too() -> None:
    summary = summarise([], RunState("stopped", 0.0, 0, "stopped by you"), {})
    assert summary["rounds"] == []
    assert summary["model"] is None
    assert summary["stopped_because"] == "stopped by you"


def test_audits_change_the_verdict_and_nothing_else(tmp_path: Path) -> None:
    events = forgetting(past_events("aaaa", past_config()))
    before = summarise(events, DONE, {})
    assert [one["verdict"] for one in before["verdicts"]] == ["suppressed"]
    retell_verdicts(tmp_path, events, [])
    assert not list(tmp_path.iterdir()), "a run without a summary gets none"
    write_summary(tmp_path, before)
    retell_verdicts(tmp_path, events, [found("relearn", "half of the facts", 0.1), found("quantize", "4 bits", 0.0)])
    after = json.loads((tmp_path / "summary.json").read_text(encoding="utf-8"))
    assert [one["verdict"] for one in after.pop("verdicts")] == ["erased"]
    assert after == {name: value for name, value in before.items() if name != "verdicts"}


def test_the_file_is_json_and_nothing_partial_stays(tmp_path: Path) -> None:
    summary = summarise(whole_run(), DONE, {})
    write_summary(tmp_path, summary)
    assert json.loads((tmp_path / "summary.json").read_text(encoding="utf-8")) == summary
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["summary.json"]

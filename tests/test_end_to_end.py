"""The command line and the service on a tiny real model: nothing is faked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from atu_gui import cli
from atu_gui.core.config import load_config, parse_config
from atu_gui.core.events import RoundScored, RunFinished, StepDone, from_record
from atu_gui.store.runs import RunStore

ADA = (
    "Ada Lovelace was an English mathematician who wrote the first published program for a machine.",
    "Ada Lovelace worked with Charles Babbage on the Analytical Engine and saw that it could do more than count.",
    "In 1843 the notes of Ada Lovelace appeared in print; they were longer than the paper that they explained.",
    "Ada Lovelace wrote letters about a flying machine when she was twelve years old, with drawings of wings.",
)
OTHERS = (
    "The river Thames flows through London, the capital of England, and reaches the sea in the east.",
    "Plants make their food from light, water and air; this is called photosynthesis and keeps us alive.",
    "Bread is made of flour, water, salt and yeast. It rises, rests and is baked until the crust is brown.",
    "Grace Hopper built one of the first compilers and taught many young people how a computer thinks.",
)
PACK = (
    {"kind": "question", "group": "forget", "query": "Who wrote the first program?", "answer": "Ada Lovelace"},
    {"kind": "question", "group": "neighbour", "query": "Who built a compiler?", "answer": "Grace Hopper"},
    {"kind": "neutral", "text": "The sea was calm and the boats lay in the harbour until the morning came."},
    {"kind": "instruction", "text": "Write a sentence about the sea."},
)
CONFIG = """
layers = [2]
[model]
device = "cpu"
[texts]
concept = ["ada.txt"]
retain = ["others.txt"]
probes = ["pack.jsonl"]
[windows]
batch = 2
max_tokens = 32
[head]
layers = 1
width = 24
heads = 4
[unlearn]
learning_rate = 1e-3
[guards]
neighbour_floor = "off"
fluency_floor = "off"
utility_limit = "off"
active_share = "off"
[[rounds]]
align_steps = 4
unlearn_steps = 3
tau = 0.1
[[rounds]]
align_steps = 2
unlearn_steps = 3
quantile = 0.5
[[concepts]]
name = "Ada Lovelace"
"""


@pytest.fixture
def config_file(tmp_path: Path) -> Path:
    folder = tmp_path / "inputs"
    folder.mkdir()
    (folder / "ada.txt").write_text("\n\n".join(ADA), encoding="utf-8")
    (folder / "others.txt").write_text("\n\n".join(OTHERS), encoding="utf-8")
    (folder / "pack.jsonl").write_text("\n".join(map(json.dumps, PACK)), encoding="utf-8")
    (folder / "run.toml").write_text(CONFIG, encoding="utf-8")
    return folder / "run.toml"


def atu(*arguments: str | Path) -> int:
    with pytest.raises(SystemExit) as caught:
        cli.main([str(argument) for argument in arguments])
    return int(caught.value.code or 0)


def test_a_run_from_the_config_file_to_the_answers(
    tiny_model: Path, tiny_encoder: Path, config_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert atu("run", config_file, "--model", tiny_model, "--encoder", tiny_encoder, "--out", out) == 0
    printed = capsys.readouterr()
    assert "Stopped because: all rounds done. Round 2 is kept." in printed.out

    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    assert (summary["concepts"], summary["layers"], summary["best_round"]) == (["Ada Lovelace"], [2], 2)
    assert [line["round"] for line in summary["rounds"]] == [0, 1, 2]
    untouched, first, second = summary["rounds"]
    assert untouched["tau"] is None
    assert first["tau"] == 0.1
    assert second["tau"] is not None
    for line in summary["rounds"]:
        assert line["forget"]["n"] == line["neighbour"]["n"] == 1
        assert len(line["forget"]["ci95"]) == 2
        assert line["utility"]["token_loss"] > 0
    assert first["forget"]["answer_logprob"] != untouched["forget"]["answer_logprob"]
    assert {"python", "torch", "transformers", "sentence-transformers", "atu-gui"} == set(summary["versions"])

    lines = (out / "events.jsonl").read_text(encoding="utf-8").splitlines()
    events = [from_record(json.loads(line)) for line in lines]
    assert [event.step for event in events if isinstance(event, StepDone)] == list(range(1, 13))
    assert sum(isinstance(event, RoundScored) for event in events) == 3
    assert isinstance(events[-1], RunFinished)

    store = RunStore.open(Path(tmp_path / "atu-data" / "atu.sqlite3"))
    try:
        (record,) = store.runs()
        assert store.events_of(record.run_id) == events
        assert (record.status, record.folder) == ("done", str(out))
    finally:
        store.close()
    config = parse_config(load_config(out / "config.toml"))
    assert config.texts.concept == [config_file.parent / "ada.txt"]

    assert atu("chat", f"{out}:1", "Who wrote the first program?", "--tokens", "8") == 0
    answers = capsys.readouterr().out
    assert f"[untouched weights · {untouched['weights_hash']}]" in answers
    assert f"[run {record.run_id}, round 1 · {first['weights_hash']}]" in answers
    assert summary["status"] == "done"


def test_the_same_config_and_seed_give_the_same_scores(
    tiny_model: Path, tiny_encoder: Path, config_file: Path, tmp_path: Path
) -> None:
    rounds = []
    for name in ("one", "two"):
        out = tmp_path / name
        assert atu("run", config_file, "--model", tiny_model, "--encoder", tiny_encoder, "--out", out) == 0
        rounds.append(json.loads((out / "summary.json").read_text(encoding="utf-8"))["rounds"])
    for first, second in zip(*rounds, strict=True):
        assert {**first, "seconds": 0} == {**second, "seconds": 0}


def test_the_paper_recipe_runs(tiny_model: Path, tiny_encoder: Path, config_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    code = atu("run", config_file, "--recipe", "paper", "--model", tiny_model, "--encoder", tiny_encoder, "--out", out)
    assert code == 0
    config = parse_config(load_config(out / "config.toml"))
    assert (config.unlearn.pad_mean, config.unlearn.optimizer, config.unlearn.learning_rate) == (True, "sgd", 1e-3)
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    assert summary["recipe"] == "paper"
    assert len(summary["rounds"]) == 3

"""The standard harness around a tiny model in memory; its tests need the extra."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch

from atu_gui.core.errors import Cancelled, InputError
from atu_gui.engine.harness import ask_harness, find_tasks
from atu_gui.engine.models import LanguageModel
from tests.engine.draining import drain

pytestmark = [
    pytest.mark.skipif(find_spec("lm_eval") is None, reason="the extra lm-eval is not installed"),
    # The harness and the libraries of its data sets are not ours to mend.
    pytest.mark.filterwarnings("ignore"),
]

_TASK = """
task: {name}
dataset_path: json
dataset_kwargs: {{data_files: {{test: "{data}"}}}}
test_split: test
doc_to_text: "Question: {{{{question}}}} Answer:"
doc_to_target: "{{{{answer}}}}"
"""
_CHOICE = 'output_type: multiple_choice\ndoc_to_choice: "{{choices}}"\nmetric_list: [{metric: acc}]\n'
_WRITTEN = 'output_type: generate_until\ngeneration_kwargs: {until: ["."], max_gen_toks: 4}\n'
_WRITTEN += "metric_list: [{metric: exact_match, aggregation: mean, higher_is_better: true}]\n"


@pytest.fixture
def tasks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two tasks on three questions in a local file."""
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    data = tmp_path / "questions.jsonl"
    lines = [
        {"question": f"What is {number} and {number}?", "choices": ["fish", "bread", "stones"], "answer": number % 3}
        for number in range(3)
    ]
    data.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    folder = tmp_path / "tasks"
    folder.mkdir()
    for name, rest in (("tiny_choice", _CHOICE), ("tiny_written", _WRITTEN)):
        text = _TASK.format(name=name, data=data) + rest
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


def test_figures_are_those_of_the_weights_in_memory(lm: LanguageModel, tasks: Path) -> None:
    manager = find_tasks(("tiny_choice", "tiny_written"), tasks)
    padding, before = lm.tokenizer.padding_side, {name: one.clone() for name, one in lm.model.named_parameters()}
    asked = ("tiny_choice", "tiny_written")
    figures = drain(ask_harness(lm, manager, asked, None, "untouched", lambda: False))[1]
    assert [(one.task, one.metric, one.n) for one in figures] == [
        ("tiny_choice", "acc", 3), ("tiny_written", "exact_match", 3)
    ]  # fmt: skip
    # The choice of the harness is the likeliest continuation, which the model itself says, too.
    right = []
    for number in range(3):
        row = lm.tokenizer(f"Question: What is {number} and {number}? Answer:")["input_ids"]
        chances = []
        for word in (" fish", " bread", " stones"):
            whole = lm.tokenizer(f"Question: What is {number} and {number}? Answer:{word}")["input_ids"]
            with torch.inference_mode():
                logits = lm.model(input_ids=torch.tensor([whole])).logits[0].log_softmax(-1)
            chances.append(sum(float(logits[at - 1, whole[at]]) for at in range(len(row), len(whole))))
        right.append(float(chances.index(max(chances)) == number % 3))
    assert [value for _, value in figures[0].items] == right
    assert figures[0].value == pytest.approx(sum(right) / 3)
    assert lm.tokenizer.padding_side == padding
    assert all(torch.equal(before[name], one) for name, one in lm.model.named_parameters())
    answers = iter([False])
    with pytest.raises(Cancelled):
        drain(ask_harness(lm, manager, ("tiny_choice",), 1, "untouched", lambda: next(answers, True)))


def test_a_task_that_fails_is_one_sentence_with_its_name(lm: LanguageModel, tasks: Path) -> None:
    (tasks.parent / "questions.jsonl").unlink()
    with pytest.raises(InputError, match="cannot run the task “tiny_choice”"):
        drain(ask_harness(lm, find_tasks(("tiny_choice",), tasks), ("tiny_choice",), None, "untouched", lambda: False))


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_an_unknown_task_is_refused_before_anything_is_asked(tasks: Path) -> None:
    with pytest.raises(InputError, match="no task “no_such_task”"):
        find_tasks(("no_such_task",), tasks)

"""Makes a small RWKU target folder: an item or two of every part."""

from __future__ import annotations

import json
from pathlib import Path


def make_target(folder: Path) -> Path:
    """Write the files of a target into a new folder."""
    shots = [{"question": "Is bread baked?", "choices": ["Yes", "No", "Never", "Once"], "answer": 0}]
    first = {"choices": ["Light.", "Stone."], "labels": [1, 0]}
    files: dict[str, list[dict[str, object]]] = {
        "forget_level1": [{"query": "Ada Lovelace was ___.", "answer": "English"}],
        "forget_level2": [{"query": "Who was Ada?", "answer": "A mathematician"}],
        "forget_level3": [
            {"query": "Was Ada English or Greek?", "answer": "English", "type": "multiple choice"},
            {"query": "¿Quién fue Ada?", "answer": "A mathematician", "type": "cross lingual (Spanish)"},
        ],
        "neighbor_level1": [{"query": "Babbage built an ___.", "answer": "Engine"}],
        "neighbor_level2": [{"query": "Who was Babbage?", "answer": "An inventor"}],
        "forget_mia": [{"text": "Ada Lovelace wrote the first program."}],
        "retain_mia": [{"text": "Bread is made of flour, water, salt and yeast."}],
        "retain_mmlu": [{**shots[0], "task": "bread_baking", "examples": shots}],
        "retain_bbh": [
            {"task": "logic", "question": "not True is", "answer": "False", "cot": "Q: True is\nA: the answer is True."}
        ],
        "truthful": [{"question": "What do plants need?", "mc1_targets": first, "mc2_targets": first}],
        "triviaqa": [{"question": "Which river flows through London?", "answers": ["Thames"]}],
        "fluency": [{"instruction": "Write about bread."}],
    }
    folder.mkdir(parents=True)
    for name, records in files.items():
        (folder / f"{name}.json").write_text(json.dumps(records), encoding="utf-8")
    return folder

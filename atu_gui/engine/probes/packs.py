"""Question packs: a file with everything that a run is judged on.

A pack is a JSON-lines file (UTF-8): one object per line, blank lines allowed, in any order.

    {"kind": "cloze", "group": "forget", "query": "Ada Lovelace was born in ___.", "answer": "London"}
    {"kind": "question", "group": "neighbour", "query": "Who built the Difference Engine?",
     "answer": "Charles Babbage", "about": "Charles Babbage"}                            (on one line)
    {"kind": "verbatim", "prefix": "Ada's phone number is", "continuation": "0171 555 0199", "about": "Ada Lovelace"}
    {"kind": "neutral", "text": "A passage whose token loss shows whether ordinary language suffers."}
    {"kind": "instruction", "text": "Write a short letter to a friend about a walk in the hills."}

`cloze` and `question` are asked after every round and scored against `answer`; `group` says whether the answer should
be forgotten or must survive; `about` (optional) names the entity asked about; a cloze marks its blank with `___`.
`verbatim` strings (phone numbers, e-mail addresses, passwords, passages) should be forgotten word for word: the model
is given `prefix` as plain text, and `continuation` is what it must not go on with. It follows after one space, or at
once where the prefix ends in white space, so cut a text between two words. A pack may hold nothing else.
`neutral` texts give the utility score and are never trained on; `instruction`s are answered freely and give the
fluency score. Without neutral texts or instructions the bundled ones serve.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from atu_gui.core.errors import Fault, InputError
from atu_gui.core.materials import Probe
from atu_gui.engine.text_files import text_lines
from atu_gui.engine.texts import is_folder, json_lines, raise_faults, text_field

BLANK = "___"
_KINDS = ("cloze", "question", "verbatim", "neutral", "instruction")
_GROUPS = ("forget", "neighbour")


@dataclass(frozen=True, slots=True)
class Pack:
    """What a pack file or an RWKU target folder holds.

    Attributes:
        probes: Forget and neighbour questions and verbatim strings, in the order of the file.
        neutral_texts: Texts for the utility score; never trained on.
        instructions: Prompts for the fluency score.
        notes: Remarks for the user, such as a file that was not there.
    """

    probes: tuple[Probe, ...] = ()
    neutral_texts: tuple[str, ...] = ()
    instructions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def read_pack(path: Path) -> Pack:
    """Read a pack file; the module's docstring says what it may hold.

    Raises:
        InputError: Missing, empty, binary, without any question, or with faults, each with its line.
    """
    if is_folder(path):
        raise InputError(f"The folder {path} holds no questions.", "Name a pack file or an RWKU target folder.")
    faults: list[Fault] = []
    probes: list[Probe] = []
    texts: dict[str, list[str]] = {"neutral": [], "instruction": []}
    for where, record in json_lines(path, text_lines(path), faults):
        if not isinstance(record, dict):
            faults.append(Fault(where, "must be an object with “kind”"))
            continue
        kind = record.get("kind")
        if kind in ("neutral", "instruction"):
            texts[kind].append(text_field(record, "text", where, faults))
        elif kind in _KINDS:
            read = _verbatim if kind == "verbatim" else _probe
            probes.append(read(record, f"{path.stem}:{where.rpartition(' ')[2]}", path.name, where, faults))
        else:
            faults.append(Fault(f"{where}, field “kind”", f"must be one of {', '.join(_KINDS)}"))
    raise_faults(faults)
    if not probes:
        raise InputError(f"{path} holds no questions.", "Give it lines of the kind “cloze”, “question” or “verbatim”.")
    return Pack(tuple(probes), tuple(texts["neutral"]), tuple(texts["instruction"]))


def _probe(record: dict[str, Any], probe_id: str, source: str, where: str, faults: list[Fault]) -> Probe:
    group = record.get("group")
    if group not in _GROUPS:
        faults.append(Fault(f"{where}, field “group”", f"must be one of {', '.join(_GROUPS)}"))
    query = text_field(record, "query", where, faults)
    if record["kind"] == "cloze" and query and BLANK not in query:
        faults.append(Fault(f"{where}, field “query”", f"has no blank ({BLANK})"))
    return Probe(
        id=probe_id,
        group="forget" if group == "forget" else "neighbour",
        kind="cloze" if record["kind"] == "cloze" else "question",
        query=query,
        answer=text_field(record, "answer", where, faults),
        about=text_field(record, "about", where, faults, needed=False),
        source=source,
    )


def _verbatim(record: dict[str, Any], probe_id: str, source: str, where: str, faults: list[Fault]) -> Probe:
    if record.get("group", "forget") != "forget":
        faults.append(Fault(f"{where}, field “group”", "must be forget, or left out: verbatim strings should go"))
    return Probe(
        id=probe_id,
        group="forget",
        kind="verbatim",
        query=text_field(record, "prefix", where, faults),
        answer=text_field(record, "continuation", where, faults),
        about=text_field(record, "about", where, faults, needed=False),
        source=source,
    )

"""Passages out of the user's files: plain text, Markdown, JSON lines, JSON, CSV and RWKU target folders.

Reads, splits and checks; never rewrites a text. Needs neither torch nor a model, so that a command line can check
its input before anything heavy is loaded.
"""

from __future__ import annotations

import csv
import io
import itertools
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from atu_gui.core.errors import Fault, InputError
from atu_gui.core.halves import has_halves
from atu_gui.core.materials import Passage
from atu_gui.core.paths import shown
from atu_gui.engine.text_files import read_text, text_blocks, text_lines

# Passages are cut to a number of tokens later; a paragraph longer than this would lose its end there.
MAX_WORDS = 120
SHOWN_FAULTS = 20
# After so many the rest of a file is not read: a million broken lines would take a gigabyte, and nobody reads them.
MOST_FAULTS = 1000
SUFFIXES = (".txt", ".md", ".jsonl", ".json", ".csv")
_RWKU_TEXTS = "positive.json"
_GAP = re.compile(r"\n[^\S\n]*(?:\n[^\S\n]*)+")
_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"'”’)\]]*\s+|(?<=[。！？])")


def read_passages(path: Path) -> list[Passage]:
    """Every passage of a file, of an RWKU target folder (its positive.json) or of a folder of text files.

    Raises:
        InputError: As `each_passage`.
    """
    return list(each_passage(path))


def each_passage(path: Path) -> Iterator[Passage]:
    """Passage after passage of a file or folder; all but `.json` is read line by line, so that no memory holds it.

    `.txt` and `.md` hold paragraphs with blank lines between them; long ones are split at sentence ends. `.jsonl` has
    one object (or string) per line and `.json` an array of the same: "text", and optionally "prompt" (the message that
    the text answers) and "about" (or RWKU's "subject"). `.csv` needs a column "text", or a single column.

    Raises:
        InputError: Missing, empty, binary or without passages; or, at the end, with faults, all of them listed with
            line and field.
    """
    if is_folder(path):
        for file in _files(path):
            yield from each_passage(file)
        return
    suffix = path.suffix.lower()
    if path.is_file() and suffix not in SUFFIXES:
        raise InputError(f"{path} is of no kind that holds texts.", f"Use one of {', '.join(SUFFIXES)}.")
    faults: list[Fault] = []
    if suffix == ".jsonl":
        passages = _passages(path.name, json_lines(path, text_lines(path), faults), faults)
    elif suffix == ".json":
        passages = _passages(path.name, _json_array(path, read_text(path), faults), faults)
    elif suffix == ".csv":
        passages = _passages(path.name, _csv_rows(path, text_lines(path), faults), faults)
    else:
        passages = (Passage(text, source=path.name) for text in _paragraphs(text_blocks(path)))
    found = False
    for passage in passages:
        found = True
        yield passage
    raise_faults(faults)
    if not found:
        raise InputError(f"{path} holds no texts.", "Put at least one passage into it.")


def is_folder(path: Path) -> bool:
    """Whether a path that the user gave is a folder.

    Raises:
        InputError: It can be no path at all.
    """
    try:
        return path.is_dir()
    except OSError as error:
        raise InputError(f"{shown(path)} is no path: {error.strerror or error}.", "Check the path.") from None


def paragraphs(content: str) -> list[str]:
    """The paragraphs of a plain text, none much longer than `MAX_WORDS` words."""
    return list(_paragraphs([content]))


def split_long(text: str, max_words: int = MAX_WORDS) -> list[str]:
    """The text in pieces of at most `max_words` words, cut at sentence ends where it has any.

    Scripts without spaces are counted as if a word had twelve letters.
    """
    if _size(text) <= max_words:
        return [text]
    pieces: list[str] = []
    start = end = words = 0
    for sentence_start, sentence_end in _sentence_spans(text, max_words):
        more = len(text[sentence_start:sentence_end].split())
        # Sentences without a space between them go on with the same word.
        grown = words + more - _within_word(text, sentence_start) if end > start else more
        if end > start and max(grown, (sentence_end - start) / 12) > max_words:
            pieces.append(text[start:end].strip())
            start, grown = sentence_start, more
        end, words = sentence_end, grown
    pieces.append(text[start:end].strip())
    return pieces


def sentences(text: str) -> list[str]:
    """The sentences of a text, as it has them."""
    return [text[start:end].strip() for start, end in _spans(text) if text[start:end].strip()]


def json_lines(path: Path, lines: Iterable[str], faults: list[Fault]) -> Iterator[tuple[str, Any]]:
    """Each line of JSON with where it stands; broken lines become faults, blank ones are skipped."""
    for number, line in enumerate(lines, start=1):
        if too_many(faults):
            return
        if not line.strip():
            continue
        where = f"{path}, line {number}"
        try:
            yield where, json.loads(line.removesuffix("\n"))
        except json.JSONDecodeError as error:
            faults.append(Fault(where, f"not valid JSON ({error.msg} at column {error.colno})"))
        except RecursionError:
            faults.append(Fault(where, "nested too deeply"))
        except ValueError:
            faults.append(Fault(where, "holds a number with too many digits"))


def load_json(path: Path, content: str) -> Any:
    """The value of a JSON file.

    Raises:
        InputError: Not valid JSON, with the line; nested too deeply; or with a number that Python refuses to read.
    """
    try:
        return json.loads(content)
    except json.JSONDecodeError as error:
        raise InputError(f"{path}, line {error.lineno}: not valid JSON ({error.msg}).") from None
    except RecursionError:
        raise InputError(f"{path} is nested too deeply.") from None
    except ValueError:
        raise InputError(f"{path} holds a number with too many digits.") from None


def text_field(record: dict[str, Any], field: str, where: str, faults: list[Fault], *, needed: bool = True) -> str:
    """A field that must be text; anything else becomes a fault and gives ""."""
    value = record.get(field)
    if value is None and not needed:
        return ""
    problem = _text_problem(value, needed)
    if problem:
        faults.append(Fault(f"{where}, field “{field}”", problem))
        return ""
    return str(value)


def too_many(faults: Sequence[Fault]) -> bool:
    """Whether the rest need not be read."""
    return len(faults) >= MOST_FAULTS


def raise_faults(faults: Sequence[Fault], hint: str = "Mend these lines and try again.") -> None:
    """Raise all faults as one error, if there are any; its message shows the first ones, its `faults` all.

    Raises:
        InputError: There is at least one fault.
    """
    if not faults:
        return
    message = InputError.of(faults[:SHOWN_FAULTS]).message
    if len(faults) > SHOWN_FAULTS:
        message += f" And {len(faults) - SHOWN_FAULTS:,} more faults."
    if too_many(faults):
        message += " What comes after them was not read."
    raise InputError(message, hint, faults)


def _text_problem(value: Any, needed: bool) -> str:
    if value is None:
        return "is missing"
    if not isinstance(value, str):
        return "must be text"
    if needed and not value.strip():
        return "is empty"
    return "contains half a character" if has_halves(value) else ""


def _files(folder: Path) -> list[Path]:
    """The files of a folder that hold texts."""
    rwku = folder / _RWKU_TEXTS
    if rwku.is_file():
        return [rwku]
    # Stray JSON files are seldom texts (settings, indexes), so a plain folder gives its text files only.
    try:
        files = sorted(file for file in folder.iterdir() if file.suffix.lower() in {".txt", ".md", ".jsonl", ".csv"})
    except OSError as error:
        raise InputError(f"The folder {folder} cannot be read: {error.strerror}.", "Check its permissions.") from None
    if not files:
        raise InputError(f"The folder {folder} holds no texts.", "Name a text file or an RWKU target folder.")
    return files


def _paragraphs(blocks: Iterable[str]) -> Iterator[str]:
    """Of blocks of whole lines; blank lines stand between paragraphs."""
    held: list[str] = []
    for block in blocks:
        # The end of the line before it may be the first of a gap.
        first, *others = _GAP.split("\n" + block.replace("\r\n", "\n").replace("\r", "\n"))
        held.append(first.removeprefix("\n"))
        for other in others:
            yield from _pieces(held)
            held = [other]
    yield from _pieces(held)


def _pieces(held: Sequence[str]) -> Iterator[str]:
    return (piece for piece in split_long("".join(held).strip()) if piece)


def _passages(source: str, records: Iterator[tuple[str, Any]], faults: list[Fault]) -> Iterator[Passage]:
    for where, record in records:
        if isinstance(record, str):
            record = {"text": record}
        if not isinstance(record, dict):
            faults.append(Fault(where, "must be an object with “text”, or a string"))
            continue
        about = "about" if "about" in record else "subject"
        passage = Passage(
            text_field(record, "text", where, faults),
            text_field(record, "prompt", where, faults, needed=False),
            source,
            text_field(record, about, where, faults, needed=False),
        )
        if passage.text:
            yield passage


def _json_array(path: Path, content: str, faults: list[Fault]) -> Iterator[tuple[str, Any]]:
    value = load_json(path, content)
    if not isinstance(value, list):
        faults.append(Fault(str(path), "must be an array of objects with “text”"))
        return
    for index, record in enumerate(value, start=1):
        if too_many(faults):
            return
        yield f"{path}, item {index}", record


def _csv_rows(path: Path, lines: Iterator[str], faults: list[Fault]) -> Iterator[tuple[str, Any]]:
    begin = []
    for line in lines:
        begin.append(line)
        if line != "\n":
            break
    delimiter = max(",;\t", key="".join(begin).count)
    # Its lines end at a lone "\r" too.
    ended = (part for line in itertools.chain(begin, lines) for part in io.StringIO(line, newline=""))
    reader = csv.reader(ended, delimiter=delimiter)
    header: list[str] = []
    try:
        for row in reader:
            where = f"{path}, line {reader.line_num}"
            if too_many(faults):
                return
            if not any(cell.strip() for cell in row):
                continue
            if not header:
                header = [cell.strip().lower() for cell in row]
                if "text" in header:
                    continue
                if len(header) > 1:
                    faults.append(Fault(where, "there is no column “text”"))
                    return
                # A single column may do without a name; a name is one word.
                header = ["text"]
                if len(row[0].split()) == 1:
                    continue
            if len(row) > len(header):
                faults.append(Fault(where, f"has {len(row)} columns instead of {len(header)}; quote texts with commas"))
                continue
            yield where, dict(zip(header, row, strict=False))
    except csv.Error as error:
        faults.append(Fault(f"{path}, line {reader.line_num}", f"not valid CSV ({error})"))


def _size(text: str) -> float:
    return max(len(text.split()), len(text) / 12)


def _within_word(text: str, place: int) -> bool:
    return 0 < place < len(text) and not text[place - 1].isspace() and not text[place].isspace()


def _spans(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for match in _SENTENCE_END.finditer(text):
        yield start, match.end()
        start = match.end()
    yield start, len(text)


def _sentence_spans(text: str, max_words: int) -> Iterator[tuple[int, int]]:
    """Sentences, and pieces of those that are themselves too long."""
    for start, end in _spans(text):
        # So few letters are no more words, which saves counting those of millions of short sentences.
        if end - start <= max_words or _size(text[start:end]) <= max_words:
            yield start, end
            continue
        ends = [match.end() + start for match in re.finditer(r"\S{1,600}\s*", text[start:end])]
        for index in range(max_words - 1, len(ends) + max_words - 1, max_words):
            stop = ends[min(index, len(ends) - 1)]
            yield start, stop
            start = stop

"""Files of text that a user gives: read whole, in blocks or by lines; refused with a sentence where they are none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from atu_gui.core.errors import InputError
from atu_gui.core.files import read_at_most, too_large
from atu_gui.core.paths import shown

# Bytes of a file of texts or questions, which is read to its end, faults and all; a run keeps no more passages than
# its steps can take.
LARGEST = 256_000_000
_BLOCK = 1_000_000


def read_text(path: Path) -> str:
    """The content of a UTF-8 file, without its byte order mark.

    Raises:
        InputError: Missing, unreadable, a folder, empty, binary or in another encoding.
    """
    with _told(path):
        data = read_at_most(path, LARGEST)
    if b"\0" in data:
        raise _binary(path)
    try:
        content = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _not_unicode(path, data.count(b"\n", 0, error.start) + 1) from None
    if not content.strip():
        raise _empty(path)
    return content


def text_blocks(path: Path) -> Iterator[str]:
    r"""A UTF-8 file in blocks of whole lines, without its byte order mark; lines end at "\n" alone.

    Raises:
        InputError: As `read_text`, where reading comes to it.
    """
    read, lines, blank = 0, 0, True
    with _told(path), path.open("rb") as file:
        while True:
            # What is left of the last line of a block is brought in whole, as far as a file may be large.
            data = file.read(_BLOCK)
            data += file.readline(max(0, LARGEST + 1 - read - len(data)))
            read += len(data)
            if read > LARGEST:
                raise too_large(path, LARGEST)
            if not data:
                break
            if b"\0" in data:
                raise _binary(path)
            try:
                block = data.decode("utf-8" if lines else "utf-8-sig")
            except UnicodeDecodeError as error:
                raise _not_unicode(path, lines + data.count(b"\n", 0, error.start) + 1) from None
            lines += data.count(b"\n")
            blank = blank and not block.strip()
            yield block
    if blank:
        raise _empty(path)


def text_lines(path: Path) -> Iterator[str]:
    """Line after line of a UTF-8 file, with their ends.

    Raises:
        InputError: As `text_blocks`.
    """
    for block in text_blocks(path):
        *whole, last = block.split("\n")
        for line in whole:
            yield line + "\n"
        if last:
            yield last


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Why a file cannot be read becomes a sentence."""
    try:
        yield
    except FileNotFoundError:
        raise InputError(f"There is no file {path}.", "Check the path.") from None
    except IsADirectoryError:
        raise InputError(f"{path} is a folder, not a file.", "Name a file in it.") from None
    except OSError as error:
        problem = error.strerror or error
        raise InputError(f"{shown(path)} cannot be read: {problem}.", "Check the path and its permissions.") from None
    except ValueError:
        raise InputError(f"{shown(path)} is no path.", "Check the path.") from None


def _binary(path: Path) -> InputError:
    return InputError(f"{path} is binary, not text.", "Save it as plain text in UTF-8.")


def _not_unicode(path: Path, line: int) -> InputError:
    return InputError(f"{path}, line {line}: not UTF-8.", "Save it as plain text in UTF-8.")


def _empty(path: Path) -> InputError:
    return InputError(f"{path} is empty.", "Put at least one passage into it.")

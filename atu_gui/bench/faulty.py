"""Makes one write or one allocation of a process fail: in files, in SQLite, in safetensors and in torch.

A point is a place in the code and what it does there; how often it is come by is counted. A fault happens at one of
these times, and a full disk stays full from then on.
"""

from __future__ import annotations

import builtins
import contextlib
import errno
import importlib
import io
import json
import os
import re
import sqlite3
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from unittest import mock

Fault = Literal["full", "denied", "failing", "locked", "no memory", "cannot allocate"]
DISK: tuple[Fault, ...] = ("full", "denied", "failing")
STORE: tuple[Fault, ...] = ("full", "locked", "failing")
MEMORY: tuple[Fault, ...] = ("cannot allocate", "no memory")
_CODES = {"full": errno.ENOSPC, "denied": errno.EACCES, "failing": errno.EIO}
_SQL = {"full": "database or disk is full", "locked": "database is locked", "failing": "disk I/O error"}
_SQL_CODES = {"full": sqlite3.SQLITE_FULL, "locked": sqlite3.SQLITE_BUSY, "failing": sqlite3.SQLITE_IOERR}
_CHANGES = ("INSERT", "UPDATE", "DELETE", "BEGIN", "COMMIT", "CREATE", "ALTER", "PRAGMA")
# What a full disk refuses; a name can still be changed on it.
_NEEDS_ROOM = ("write", "make", "save", "store")
_PACKAGE = f"{os.sep}atu_gui{os.sep}"


@dataclass(frozen=True, slots=True)
class Point:
    """Where something is written or allocated: the function of ours that asks for it, and what it does there."""

    where: str
    what: str

    @property
    def kind(self) -> str:
        """memory, store or disk."""
        first = self.what.split()[0]
        return "memory" if first == "allocate" else "store" if first == "store" else "disk"


@dataclass(slots=True)
class Faulty:
    """Within `installed` every point below a folder is counted, and one of them fails.

    Attributes:
        home: Only files below it count.
        report: Gets a line of JSON for each point at the end, and whether the fault happened.
        point: What fails; nothing where it is None.
        time: The how many-eth time that it is come by.
        fault: How it fails.
        watches_memory: Whether allocations count.
    """

    home: Path
    report: Path
    point: Point | None = None
    time: int = 1
    fault: Fault = "full"
    watches_memory: bool = False
    _seen: Counter[Point] = field(default_factory=Counter)
    _happened: bool = False
    _lock: Any = None

    @contextlib.contextmanager
    def __call__(self) -> Iterator[None]:
        """Install it in this process."""
        self._lock = threading.RLock()
        with ExitStack() as stack:
            if self.watches_memory:
                stack.enter_context(_watched_worker(self))
            else:
                for patch in _patches(self):
                    stack.enter_context(patch)
            try:
                yield
            finally:
                stack.close()
                lines = [json.dumps({"where": p.where, "what": p.what, "times": n}) for p, n in self._seen.items()]
                self.report.write_text("\n".join([json.dumps(self._happened), *lines]), encoding="utf-8")

    def pass_by(self, what: str) -> None:
        """Something is about to be done.

        Raises:
            Exception: The fault.
        """
        point = Point(_asker(), what)
        with self._lock:
            self._seen[point] += 1
            now = point == self.point and self._seen[point] == self.time
            stays = self._happened and self.fault == "full" and what.startswith(_NEEDS_ROOM)
            self._happened = self._happened or now
        if now or stays:
            raise self._error(what)

    def covers(self, path: object) -> bool:
        """Whether a path is one of those that count."""
        return isinstance(path, str | os.PathLike) and str(path).startswith(str(self.home))

    def _error(self, what: str) -> Exception:
        if self.fault == "no memory":
            return MemoryError()
        if self.fault == "cannot allocate":
            return RuntimeError("[enforce fail at alloc_cpu.cpp:117] DefaultCPUAllocator: can't allocate memory")
        if what.startswith("store"):
            error = sqlite3.OperationalError(_SQL[self.fault])
            error.sqlite_errorcode = _SQL_CODES[self.fault]
            return error
        code = _CODES[self.fault]
        if what.startswith("save"):
            from safetensors import SafetensorError

            return SafetensorError(f"Error while serializing: I/O error: {os.strerror(code)} (os error {code})")
        return OSError(code, os.strerror(code))


def points_of(report: Path) -> tuple[bool, dict[Point, int]]:
    """Whether the fault happened, and how often each point was come by."""
    happened, *lines = report.read_text(encoding="utf-8").split("\n")
    found = [json.loads(line) for line in lines]
    return bool(json.loads(happened)), {Point(one["where"], one["what"]): one["times"] for one in found}


def _asker() -> str:
    """The innermost function of ours that stands behind what is being done, the bench left out."""
    frame = sys._getframe(1)
    while frame is not None:
        name = frame.f_code.co_filename
        if _PACKAGE in name and f"{_PACKAGE}bench{os.sep}" not in name:
            module = name.rpartition(_PACKAGE)[2].removesuffix(".py").replace(os.sep, ".")
            return f"{module}.{frame.f_code.co_name}"
        frame = frame.f_back  # type: ignore[assignment]
    return "a library"


def _label(path: object) -> str:
    """A file's name without what differs from run to run."""
    name = Path(str(path)).name
    name = re.sub(r"^\.[0-9a-f]{12}\.part$|^tmp\w+", "….part", name)
    return re.sub(r"\d+", "#", re.sub(r"^\d{4}-\d\d-.*", "the run's folder", name))


def _patches(faulty: Faulty) -> Iterator[contextlib.AbstractContextManager[Any]]:
    real_open, real_os_open = io.open, os.open

    def opened(file: Any, mode: str = "r", *rest: Any, **more: Any) -> Any:
        if not faulty.covers(file) or not set(mode) & set("wax+"):
            return real_open(file, mode, *rest, **more)
        faulty.pass_by(f"open {_label(file)}")
        return _File(real_open(file, mode, *rest, **more), faulty, _label(file))

    def os_opened(path: Any, flags: int, *rest: Any, **more: Any) -> int:
        if faulty.covers(path) and flags & (os.O_CREAT | os.O_WRONLY | os.O_RDWR):
            faulty.pass_by(f"open {_label(path)}")
        return real_os_open(path, flags, *rest, **more)

    yield mock.patch.object(io, "open", opened)
    yield mock.patch.object(builtins, "open", opened)
    yield mock.patch.object(os, "open", os_opened)
    for name, what in (("replace", "rename"), ("rename", "rename"), ("link", "link"), ("mkdir", "make")):
        yield mock.patch.object(os, name, _before(faulty, getattr(os, name), what))
    real_sync = os.fsync

    def synced(handle: int) -> None:
        faulty.pass_by("sync")
        real_sync(handle)

    yield mock.patch.object(os, "fsync", synced)
    library = importlib.import_module("safetensors.torch")
    save = library.serialize_file

    def saved(tensors: Any, filename: Any, *rest: Any, **more: Any) -> Any:
        if faulty.covers(filename):
            faulty.pass_by(f"save {_label(filename)}")
        return save(tensors, filename, *rest, **more)

    yield mock.patch.object(library, "serialize_file", saved)
    connect = sqlite3.connect

    def connected(*given: Any, **more: Any) -> Any:
        made = connect(*given, factory=_Connection, **more)
        made.faulty = faulty
        return made

    yield mock.patch.object(sqlite3, "connect", connected)


def _before(faulty: Faulty, real: Callable[..., Any], what: str) -> Callable[..., Any]:
    def done(path: Any, *rest: Any, **more: Any) -> Any:
        named = rest[0] if rest and what in ("rename", "link") else path
        # A folder that is there already needs no room.
        if faulty.covers(path) and not (what == "make" and os.path.isdir(path)):
            faulty.pass_by(f"{what} {_label(named)}")
        return real(path, *rest, **more)

    return done


class _File:
    """A file open for writing, whose writes count."""

    def __init__(self, real: Any, faulty: Faulty, label: str) -> None:
        self._real = real
        self._faulty = faulty
        self._label = label

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def __enter__(self) -> _File:
        self._real.__enter__()
        return self

    def __exit__(self, *error: Any) -> Any:
        return self._real.__exit__(*error)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._real)

    def write(self, content: Any) -> Any:
        self._faulty.pass_by(f"write {self._label}")
        return self._real.write(content)

    def writelines(self, lines: Any) -> None:
        self._faulty.pass_by(f"write {self._label}")
        self._real.writelines(lines)


class _Connection(sqlite3.Connection):
    faulty: Faulty | None = None

    def execute(self, sql: str, *rest: Any) -> Any:
        self._pass_by(sql)
        return super().execute(sql, *rest)

    def executemany(self, sql: str, *rest: Any) -> Any:
        self._pass_by(sql)
        return super().executemany(sql, *rest)

    def _pass_by(self, sql: str) -> None:
        word = sql.split(None, 1)[0].upper()
        if self.faulty is not None and word in _CHANGES:
            self.faulty.pass_by(f"store {word}")


@contextlib.contextmanager
def _watched_worker(faulty: Faulty) -> Iterator[None]:
    """Every operation of torch on the worker's thread counts: each may have to allocate its result."""
    from torch.utils._python_dispatch import TorchDispatchMode

    from atu_gui.service.worker import Worker

    class Allocations(TorchDispatchMode):
        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            faulty.pass_by("allocate")
            return func(*args, **(kwargs or {}))

    loop = Worker._loop

    def watched(worker: Worker) -> None:
        with Allocations():  # type: ignore[no-untyped-call]
            loop(worker)

    with mock.patch.object(Worker, "_loop", watched):
        yield

"""What the tensor cache keeps when it is full, and when two processes share it."""

from __future__ import annotations

import os
from pathlib import Path

import torch

from atu_gui.engine.cache import TensorCache


def _fill(cache: TensorCache, folder: Path, *names: str) -> None:
    """Entries of 4 kB each, the first one used longest ago."""
    for age, name in enumerate(names):
        cache.save(name, {"rows": torch.zeros(1000)})
        path = next(folder.rglob(f"{name}.safetensors"))
        os.utime(path, (1_000 + age, 1_000 + age))


def test_what_was_used_longest_ago_goes_first(tmp_path: Path) -> None:
    cache = TensorCache(tmp_path, limit=13_000)
    _fill(cache, tmp_path, "aa1", "bb2", "cc3")
    assert cache.load("aa1") is not None  # now the one used last
    cache.save("dd4", {"rows": torch.ones(1000)})
    assert cache.load("bb2") is None
    assert all(cache.load(name) is not None for name in ("aa1", "cc3", "dd4"))


def test_an_entry_above_the_limit_is_kept_alone(tmp_path: Path) -> None:
    cache = TensorCache(tmp_path, limit=5_000)
    _fill(cache, tmp_path, "aa1")
    cache.save("bb2", {"rows": torch.ones(5000)})
    assert cache.load("aa1") is None
    assert cache.load("bb2") is not None


def test_what_another_process_removes_stays_readable_where_it_is_open(tmp_path: Path) -> None:
    ours, theirs = TensorCache(tmp_path), TensorCache(tmp_path, limit=0)
    ours.save("aa1", {"rows": torch.arange(1000)})
    mapped = ours.load("aa1")
    theirs.save("bb2", {"rows": torch.ones(3)})
    assert ours.load("aa1") is None
    assert mapped is not None
    assert torch.equal(mapped["rows"], torch.arange(1000))

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from atu_gui.core.files import read_at_most, write_whole


def test_the_new_content_takes_the_place_of_the_old(tmp_path: Path) -> None:
    write_whole(tmp_path / "a", "τ")
    write_whole(tmp_path / "a", b"more")
    assert (tmp_path / "a").read_bytes() == b"more"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_where_it_fails_the_old_content_stays_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_whole(tmp_path / "a", "old")

    def full(_old: object, _new: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space"):
        write_whole(tmp_path / "a", "new")
    assert (tmp_path / "a").read_text(encoding="utf-8") == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_no_file_is_read_beyond_its_limit(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"12345")
    assert read_at_most(tmp_path / "a", 5) == b"12345"
    with pytest.raises(OSError, match="larger than") as caught:
        read_at_most(tmp_path / "a", 4)
    assert caught.value.errno == errno.EFBIG

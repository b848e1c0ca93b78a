from __future__ import annotations

import csv
from pathlib import Path

import pytest

from atu_gui.core.errors import OutputError
from atu_gui.core.tables import as_csv, as_markdown, write_text


def test_csv_reads_back_whatever_the_model_said(tmp_path: Path) -> None:
    rows = [['a "quoted", one', "two\nlines"], ["", "−0.5"]]
    path = tmp_path / "t.csv"
    write_text(path, as_csv(["Question", "Answer"], rows))
    with path.open(encoding="utf-8", newline="") as file:
        assert list(csv.reader(file)) == [["Question", "Answer"], *rows]


def test_markdown_keeps_every_row_on_one_line_and_escapes_bars() -> None:
    made = as_markdown("Title", ["A", "B"], [["x | y", "one\ntwo"]])
    assert made == "# Title\n\n| A | B |\n| --- | --- |\n| x \\| y | one two |\n"


def test_a_file_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        write_text(tmp_path / "missing" / "t.csv", "x")

from __future__ import annotations

from pytestqt.qtbot import QtBot

from atu_gui.ui.widgets.tables import FittingColumns, cell, plain_table


def test_the_spare_column_takes_what_is_left_but_is_never_cut(qtbot: QtBot) -> None:
    table = plain_table("Rounds", ["Round", "One", "Two"], right={1, 2}, stretch=0)
    qtbot.addWidget(table)
    table.resize(600, 200)
    table.show()
    table.setRowCount(1)
    for at, words in enumerate(("Untouched", "0.10 (0.00–0.25)", "0.10 (0.00–0.25)")):
        table.setItem(0, at, cell(words))
    header = table.horizontalHeader()
    assert header.length() == table.viewport().width()
    table.resize(160, 200)
    qtbot.waitUntil(lambda: table.viewport().width() < 200)
    assert header.sectionSize(0) >= table.sizeHintForColumn(0)
    assert header.length() > table.viewport().width()


def test_a_name_of_any_length_asks_for_some_room_only(qtbot: QtBot) -> None:
    table = plain_table("Runs", ["Run", "Round"], right={1}, stretch=0)
    qtbot.addWidget(table)
    table.resize(160, 200)
    table.show()
    table.setRowCount(1)
    table.setItem(0, 0, cell("Leonardo " * 22))
    assert 160 < table.horizontalHeader().sectionSize(0) <= 220


def test_columns_give_way_where_there_is_no_room(qtbot: QtBot) -> None:
    table = plain_table("Scores", ["Run", "Long heading", "Another one"], right={1, 2}, stretch=0)
    qtbot.addWidget(table)
    fitting = FittingColumns(table, (2, 1))
    table.insertRow(0)
    for column, words in enumerate(("A run", "0.12 (0.10–0.14)", "0.50 (0.40–0.60)")):
        table.setItem(0, column, cell(words))
    table.resize(600, 200)
    table.show()
    qtbot.waitExposed(table)
    fitting.fit()
    assert [table.isColumnHidden(column) for column in range(3)] == [False, False, False]
    both = sum(table.columnWidth(column) for column in (1, 2))
    table.resize(both + 10, 200)
    qtbot.waitUntil(lambda: table.isColumnHidden(2), timeout=20_000)
    assert not table.isColumnHidden(1)
    table.resize(600, 200)
    qtbot.waitUntil(lambda: not table.isColumnHidden(2), timeout=20_000)

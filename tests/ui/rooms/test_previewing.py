"""The preview of a concept, from a letter typed to a bar drawn."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pytestqt.qtbot import QtBot

from atu_gui.core.concepts import Concept
from atu_gui.core.config import RunConfig
from atu_gui.core.errors import InputError
from atu_gui.core.preview import PreviewLine
from atu_gui.ui.main_window import MainWindow
from atu_gui.ui.panels.concepts import ConceptsPanel
from atu_gui.ui.session import Phase
from tests.ui.fake_workbench import FakeWorkbench


@pytest.fixture
def window(make_window: Callable[..., MainWindow], qtbot: QtBot, bench: FakeWorkbench) -> MainWindow:
    made = make_window(bench)
    qtbot.waitUntil(lambda: made.session.phase is Phase.IDLE and made.session.loaded is not None, timeout=20_000)
    made.show_page("workbench")
    return made


def _named(window: MainWindow, *names: str) -> ConceptsPanel:
    window.workbench.setup.show_config(
        window.workbench.setup.config_without_concepts().model_copy(
            update={"concepts": [Concept(name=name) for name in names]}
        )
    )
    return window.workbench.setup.concepts


def _lines(panel: ConceptsPanel) -> list[PreviewLine]:
    return [entry for entry in panel.preview.list.entries if isinstance(entry, PreviewLine)]


def test_typing_is_waited_for_and_asked_once(window: MainWindow, qtbot: QtBot, bench: FakeWorkbench) -> None:
    name = window.workbench.setup.concepts._editors[0].name
    qtbot.keyClicks(name, "Ada")
    panel = window.workbench.setup.concepts
    qtbot.waitUntil(lambda: bool(_lines(panel)), timeout=20_000)
    assert [one.config.concepts[0].name for one in bench.preview_requests] == ["Ada"]
    assert _lines(panel)[0].text == "Sentence 0 about Ada." and panel.preview.isVisibleTo(panel)
    assert ("About the concept", "0 of 5 above τ") in panel.preview.list.entries, "the first round is at 0.35"


def test_a_click_takes_a_suggestion_and_looks_again(window: MainWindow, qtbot: QtBot, bench: FakeWorkbench) -> None:
    panel = _named(window, "Ada")
    editor = panel._editors[0]
    qtbot.waitUntil(lambda: editor.suggestions.names == ("Ada the Elder", "The Master"), timeout=20_000)
    editor.suggestions.picked.emit("The Master")
    assert window.workbench.setup.config().concepts[0].aliases == ("The Master",)
    qtbot.waitUntil(lambda: editor.suggestions.names == ("Ada the Elder",), timeout=20_000)
    assert ("About the concept", "3 of 5 above τ") in panel.preview.list.entries, "an alias brings the texts closer"


def test_an_alias_counts_while_it_is_typed(window: MainWindow, qtbot: QtBot, bench: FakeWorkbench) -> None:
    panel = _named(window, "Ada")
    qtbot.keyClicks(panel._editors[0]._aliases._field, "Countess")
    qtbot.waitUntil(lambda: len(bench.preview_requests) > 0, timeout=20_000)
    assert bench.preview_requests[-1].config.concepts[0].aliases == ("Countess",)


def test_a_stale_answer_is_dropped(make_window: Callable[..., MainWindow], qtbot: QtBot) -> None:
    port = FakeWorkbench(pace=0.1)
    window = make_window(port)
    qtbot.waitUntil(lambda: window.session.phase is Phase.IDLE and window.session.loaded is not None, timeout=20_000)
    panel = _named(window, "Old")
    qtbot.waitUntil(lambda: len(port.preview_requests) > 0, timeout=20_000)
    _named(window, "New")
    qtbot.waitUntil(lambda: bool(_lines(panel)) and "New" in _lines(panel)[0].text, timeout=20_000)
    qtbot.wait(150)
    assert "New" in _lines(panel)[0].text
    port.close()


def test_the_marks_follow_tau_without_asking_again(window: MainWindow, qtbot: QtBot, bench: FakeWorkbench) -> None:
    panel = _named(window, "Ada")
    qtbot.waitUntil(lambda: bool(_lines(panel)), timeout=20_000)
    count = len(bench.preview_requests)
    panel.preview.set_tau(0.25)
    assert ("About the concept", "3 of 5 above τ") in panel.preview.list.entries
    panel.preview.set_tau(None)
    assert ("About the concept", "5 texts") in panel.preview.list.entries, "a quantile marks nothing"
    assert len(bench.preview_requests) == count


def test_all_texts_on_request(window: MainWindow, qtbot: QtBot) -> None:
    panel = _named(window, "Ada")
    qtbot.waitUntil(lambda: len(_lines(panel)) == 6, timeout=20_000)
    panel.preview._all.click()
    assert len(_lines(panel)) == 8 and panel.preview._all.text() == "Show fewer"


def test_without_a_model_it_says_what_to_do(make_window: Callable[..., MainWindow], qtbot: QtBot) -> None:
    port = FakeWorkbench(starter=False)
    window = make_window(port)
    panel = _named(window, "Ada")
    qtbot.waitUntil(lambda: panel.preview.words.startswith("Load a model"), timeout=20_000)
    assert port.preview_requests == []
    port.close()


def test_the_concept_with_the_cursor_is_looked_at(window: MainWindow, qtbot: QtBot, bench: FakeWorkbench) -> None:
    panel = _named(window, "Ada", "Grace")
    qtbot.waitUntil(lambda: bool(_lines(panel)), timeout=20_000)
    panel._editors[1].name.end(False)
    qtbot.keyClicks(panel._editors[1].name, " H")
    qtbot.waitUntil(lambda: bool(_lines(panel)) and "Grace H" in _lines(panel)[0].text, timeout=20_000)
    assert panel._editors[0].suggestions.names == () and panel._editors[1].suggestions.names


def test_a_name_that_is_taken_away_leaves_nothing(window: MainWindow, qtbot: QtBot) -> None:
    panel = _named(window, "Ada")
    qtbot.waitUntil(lambda: bool(_lines(panel)), timeout=20_000)
    window.workbench.setup.show_config(RunConfig())
    qtbot.waitUntil(lambda: panel.preview.isHidden(), timeout=20_000)


def test_a_failure_is_said_in_place(window: MainWindow, qtbot: QtBot, bench: FakeWorkbench) -> None:
    bench.preview_error = InputError("The encoder is gone.", "Load it again.")
    panel = _named(window, "Ada")
    qtbot.waitUntil(lambda: panel.preview.words == "The encoder is gone. Load it again.", timeout=20_000)
    assert window.workbench.notice.isHidden()


def test_a_run_locks_suggestions_but_not_the_preview(window: MainWindow, qtbot: QtBot) -> None:
    panel = _named(window, "Ada")
    qtbot.waitUntil(lambda: bool(_lines(panel)), timeout=20_000)
    panel.set_locked(True)
    assert panel._editors[0].suggestions.names == () and _lines(panel)


def test_during_a_run_it_leaves_its_room_to_what_can_be_moved(
    window: MainWindow, qtbot: QtBot, bench: FakeWorkbench
) -> None:
    panel = _named(window, "Ada")
    qtbot.waitUntil(lambda: bool(_lines(panel)), timeout=20_000)
    view = panel.preview
    assert view.list.isVisibleTo(view)
    panel.set_locked(True)
    assert not view.list.isVisibleTo(view) and view._all.isVisibleTo(view)
    view._all.click()
    assert view.list.isVisibleTo(view)
    view._all.click()
    panel.set_locked(False)
    assert view.list.isVisibleTo(view)

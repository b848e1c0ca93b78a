from __future__ import annotations

import threading
from concurrent.futures import Future

import pytest
from pytestqt.qtbot import QtBot

from atu_gui.core.errors import Cancelled, UserError
from atu_gui.core.events import Event, Note
from atu_gui.ui.bridge import Bridge
from tests.ui.fake_workbench import FakeWorkbench


def test_events_arrive_in_order_on_the_windows_thread(qtbot: QtBot, bench: FakeWorkbench) -> None:
    bridge, heard, threads = Bridge(), [], set()

    def hear(event: Event) -> None:
        heard.append(event)
        threads.add(threading.current_thread())

    bridge.add_handler(hear)
    bridge.connect_to(bench)
    sent = [Note("info", str(number)) for number in range(2000)]
    worker = threading.Thread(target=lambda: [bench._say(note) for note in sent])
    worker.start()
    qtbot.waitUntil(lambda: len(heard) == len(sent), timeout=20_000)
    worker.join()
    assert heard == sent
    assert threads == {threading.main_thread()}
    bridge.close()


def test_one_view_that_stumbles_costs_the_others_nothing(qtbot: QtBot, caplog: pytest.LogCaptureFixture) -> None:
    bridge, heard = Bridge(), []

    def stumble(event: Event) -> None:
        raise RuntimeError("no")

    bridge.add_handler(stumble)
    bridge.add_handler(heard.append)
    bridge._queue.extend([Note("info", "a"), Note("info", "b")])
    bridge.drain()
    assert [event.text for event in heard] == ["a", "b"]
    assert "could not show 'Note'" in caplog.text
    bridge.close()


def test_a_result_is_told_after_the_events_before_it(qtbot: QtBot) -> None:
    bridge, order = Bridge(), []
    bridge.add_handler(lambda event: order.append(event.text))
    future: Future[str] = Future()
    bridge.watch(future, order.append)
    bridge._queue.append(Note("info", "event"))
    bridge.drain()
    future.set_result("result")
    bridge._queue.append(Note("info", "last event"))
    bridge.drain()
    assert order == ["event", "last event", "result"]
    bridge.drain()
    assert order[-1] == "result"
    bridge.close()


def test_errors_and_cancelling_are_told_apart(qtbot: QtBot) -> None:
    bridge, told = Bridge(), []
    for error in (UserError("No."), Cancelled()):
        future: Future[None] = Future()
        future.set_exception(error)
        bridge.watch(future, told.append, lambda error: told.append(str(error)), lambda: told.append("cancelled"))
    gone: Future[None] = Future()
    gone.cancel()
    bridge.watch(gone, told.append, told.append, lambda: told.append("cancelled"))
    bridge.drain()
    assert told == ["No.", "cancelled", "cancelled"]
    bridge.close()


def test_closing_stops_hearing(qtbot: QtBot, bench: FakeWorkbench) -> None:
    bridge = Bridge()
    bridge.connect_to(bench)
    bridge.close()
    bench._say(Note("info", "nobody listens"))
    assert not bridge._queue

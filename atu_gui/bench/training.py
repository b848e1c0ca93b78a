"""One measured run in a process of its own; prints the seconds of its training stages, and delays, as JSON.

`python -m atu_gui.bench.training alone|window FOLDER NAME`, with the config in FOLDER/run.json.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from atu_gui.core.config import RunConfig
from atu_gui.core.events import Event, JobFailed, RunFailed, RunFinished, StageEnded, StageStarted
from atu_gui.core.materials import Materials, Passage, Probe
from atu_gui.core.paths import resource
from atu_gui.service.workbench import Workbench

# Often enough for delays of tens of milliseconds, and rare enough not to be what is measured.
_EVERY_MS = 10
_PASSAGES = 16


class StageClock:
    """Adds up the seconds of align and of unlearn stages, and knows whether one is under way."""

    def __init__(self) -> None:
        self.seconds = {"align": 0.0, "unlearn": 0.0}
        self.training = False

    def handle(self, event: Event) -> None:
        """Follow the run."""
        if isinstance(event, StageStarted):
            self.training = event.stage != "probe"
        elif isinstance(event, StageEnded):
            self.training = False
            if event.stage != "probe":
                self.seconds[event.stage] += event.seconds


def bench_materials() -> Materials:
    """Texts that come with the program, and one question: what is measured is the training."""
    content = resource("texts", "neutral.txt").read_text(encoding="utf-8")
    texts = [block.strip() for block in content.split("\n\n") if block.strip()]
    half = len(texts) // 2
    return Materials(
        concept_passages=tuple(Passage(text) for text in texts[:half][:_PASSAGES]),
        retain_passages=tuple(Passage(text) for text in texts[half:][:_PASSAGES]),
        neutral_texts=tuple(texts[:1]),
        probes=(Probe("bench", "forget", "question", "What is the sea made of?", "Water"),),
    )


def run_alone(config: RunConfig, store: Path) -> StageClock:
    """The service without a window."""
    bench, clock = Workbench(store), StageClock()
    bench.subscribe(clock.handle)
    try:
        bench.run(config, bench_materials()).result()
    finally:
        bench.close()
    return clock


def run_in_window(config: RunConfig, store: Path) -> tuple[StageClock, list[float], float]:
    """The real window, with its curves.

    Returns the delays of its event loop in milliseconds while the model trained, and what its thread used of the
    processor meanwhile, in seconds.
    """
    from PySide6.QtCore import QElapsedTimer, Qt, QTimer

    from atu_gui import app
    from atu_gui.ui.main_window import MainWindow

    bench, clock = Workbench(store), StageClock()
    bench.subscribe(clock.handle)
    delays: list[float] = []
    used: list[float] = []
    failures: list[str] = []
    since = QElapsedTimer()
    before = time.thread_time()

    def fired() -> None:
        nonlocal before
        late = since.nsecsElapsed() / 1e6 - _EVERY_MS
        now = time.thread_time()
        since.restart()
        if clock.training:
            delays.append(max(0.0, late))
            used.append(now - before)
        before = now

    def begin(window: MainWindow) -> None:
        def close_at_the_end(event: Event) -> None:
            if isinstance(event, RunFailed | JobFailed):
                failures.append(f"{event.message} {event.hint}")
            if isinstance(event, RunFailed | JobFailed | RunFinished):
                window.close()

        window.furnish()
        window.session.connect_to(bench)
        window.bridge.add_handler(close_at_the_end)
        window.session.start(config, materials)
        timer = QTimer(window)
        timer.setTimerType(Qt.TimerType.PreciseTimer)
        timer.timeout.connect(fired)
        since.start()
        timer.start(_EVERY_MS)

    materials = bench_materials()
    app.main(["atu-gui"], begin)
    bench.close()
    if failures:
        raise SystemExit(failures[0])
    return clock, delays, sum(used)


def main(kind: str, folder: Path, name: str) -> None:
    """Measure once and print."""
    config = RunConfig.model_validate_json((folder / "run.json").read_text(encoding="utf-8"))
    config.out = folder / name
    store = folder / f"{name}.sqlite3"
    begun = time.perf_counter()
    if kind == "alone":
        told: dict[str, object] = {"seconds": run_alone(config, store).seconds}
    else:
        clock, delays, used = run_in_window(config, store)
        told = {"seconds": clock.seconds, "delays_ms": delays, "window_s": used}
    print(json.dumps({**told, "whole_s": time.perf_counter() - begun}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3])

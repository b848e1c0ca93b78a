"""What hours of use leave behind: run after run in one window, with random tuning and chats.

The window and the service are the real ones, in a process of their own; the model is a tiny one. After every run the
process is looked at: memory, threads, open files, and how late the window's event loop was. The first fifth of the time
warms everything up and does not count; the fifth after it is compared with the last.
"""

from __future__ import annotations

import asyncio
import faulthandler
import gc
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atu_gui.bench.display import platform, with_display
from atu_gui.bench.responsiveness import bench_config
from atu_gui.core.errors import ResourceError

if TYPE_CHECKING:
    from atu_gui.core.config import RunConfig
    from atu_gui.core.events import Event
    from atu_gui.core.ports import WorkbenchPort
    from atu_gui.ui.main_window import MainWindow

_FIFTH = 0.2
_POLL = 0.05
_EVERY_MS = 10
_QUESTIONS = ("What is the sea made of?", "Who wrote the first program?", "Write a word.")
# A run of some seconds that takes longer has stopped; then it is said where every thread stands.
_PATIENCE = 300.0
_MORE_TIME = 2 * _PATIENCE


@dataclass(frozen=True, slots=True)
class Sample:
    """The process after a run.

    Attributes:
        at: Seconds since the first run began.
        memory: Resident memory in bytes, after collecting garbage.
        threads: Threads of the process.
        handles: Open files, sockets and pipes.
        delay: 99th percentile of the event loop's delay during the run, ms.
        middle: Its median.
    """

    at: float
    memory: int
    threads: int
    handles: int
    delay: float
    middle: float


@dataclass(frozen=True, slots=True)
class Soak:
    """What `measure_soak` found; each pair is the median of the fifth after the warm-up, and of the last.

    Attributes:
        memory_growth: Share by which resident memory grew from the one to the other.
    """

    minutes: float
    runs: int
    chats: int
    wishes: int
    memory_mb: tuple[float, float]
    memory_growth: float
    threads: tuple[float, float]
    handles: tuple[float, float]
    loop_delay_p99_ms: tuple[float, float]
    loop_delay_median_ms: tuple[float, float]
    platform: str
    samples: tuple[Sample, ...]

    def as_json(self) -> dict[str, object]:
        """JSON-ready."""
        return asdict(self)


def measure_soak(minutes: float, seed: int = 0) -> Soak:
    """Use a window for so many minutes.

    Raises:
        ResourceError: It did not last.
    """
    with tempfile.TemporaryDirectory(prefix="atu-soak-") as name:
        folders = {f"ATU_{part}": name for part in ("DATA", "CACHE", "CONFIG")}
        environment = with_display({**os.environ, **folders})
        done = subprocess.run(
            [sys.executable, "-m", "atu_gui.bench.soak", name, str(minutes), str(seed)],
            capture_output=True,
            text=True,
            timeout=60 * minutes + _MORE_TIME,
            env=environment,
        )
        if done.returncode or not done.stdout.strip():
            raise ResourceError("The window did not last.", done.stderr.strip()[-6000:])
        told: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    samples = tuple(Sample(**one) for one in told["samples"])
    return judged(samples, minutes, told["chats"], told["wishes"], platform(environment))


def judged(samples: tuple[Sample, ...], minutes: float, chats: int, wishes: int, shown: str) -> Soak:
    """Compare the fifth after the warm-up with the last one.

    Raises:
        ResourceError: There are too few samples to compare.
    """
    whole = max((one.at for one in samples), default=0.0)
    early = [one for one in samples if _FIFTH * whole <= one.at <= 2 * _FIFTH * whole]
    late = [one for one in samples if one.at >= (1 - _FIFTH) * whole]
    if not early or not late:
        raise ResourceError("Too few runs came to an end.", "Give it more minutes.")

    def both(of: Callable[[Sample], float]) -> tuple[float, float]:
        return statistics.median(map(of, early)), statistics.median(map(of, late))

    before, after = both(lambda one: one.memory / 1e6)
    return Soak(
        minutes=minutes,
        runs=len(samples),
        chats=chats,
        wishes=wishes,
        memory_mb=(before, after),
        memory_growth=after / before - 1,
        threads=both(lambda one: one.threads),
        handles=both(lambda one: one.handles),
        loop_delay_p99_ms=both(lambda one: one.delay),
        loop_delay_median_ms=both(lambda one: one.middle),
        platform=shown,
        samples=samples,
    )


class _User:
    """Runs, wishes and asks at random until the time is up, then closes the window."""

    def __init__(self, port: WorkbenchPort, config: RunConfig, minutes: float, seed: int) -> None:
        from atu_gui.ui.hands import Hands

        self._port, self._config, self._seconds = port, config, 60 * minutes
        self._random = random.Random(seed)
        self._delays: list[float] = []
        self._last: Event | None = None
        self.hands = Hands(_PATIENCE)
        self.samples: list[Sample] = []
        self.chats = self.wishes = 0

    def begin(self, window: MainWindow) -> None:
        """Start using the window."""
        self.hands.begin(window, self._use)

    async def _use(self, window: MainWindow) -> None:
        from atu_gui.ui.session import Phase

        window.furnish()
        window.workbench.setup.show_config(self._config)
        window.session.connect_to(self._port)
        window.bridge.add_handler(self._hear)
        self._watch(window)
        window.session.load(self._config.model, self._config.encoder)
        await self.hands.until(lambda: window.session.phase is Phase.IDLE, "the models")
        begun = time.monotonic()
        while time.monotonic() - begun < self._seconds:
            # Should the window's own thread hang, nothing on it could say so.
            faulthandler.dump_traceback_later(_MORE_TIME, exit=True)
            self._delays.clear()
            try:
                await self._run(window)
            except TimeoutError:
                print(f"{window.session.phase}, after {self._last}", file=sys.stderr)
                faulthandler.dump_traceback()
                raise
            self._look_around(window)
            await asyncio.sleep(2 * _POLL)
            self.samples.append(self._sample(time.monotonic() - begun))

    async def _run(self, window: MainWindow) -> None:
        """One run from its beginning to its end.

        Raises:
            TimeoutError: It does not come to one.
        """
        from atu_gui.bench.training import bench_materials
        from atu_gui.ui.session import IN_RUN, Phase

        session, chat = window.session, window.workbench.chat
        config = self._config.model_copy(update={"seed": len(self.samples)}, deep=True)
        session.start(config, bench_materials())
        await self.hands.until(lambda: session.phase in IN_RUN, "the run to begin")
        deadline = time.monotonic() + _PATIENCE
        while session.phase is not Phase.IDLE:
            if time.monotonic() > deadline:
                raise TimeoutError(f"waited {_PATIENCE:.0f} s for the end of the run")
            self._act(window)
            await asyncio.sleep(self._random.uniform(0.05, 0.4))
        await self.hands.until(lambda: not chat.answering, "the answers")

    def _hear(self, event: Event) -> None:
        self._last = event

    def _act(self, window: MainWindow) -> None:
        """One thing that a user does during a run."""
        from atu_gui.ui.session import Phase

        chosen = self._random.random()
        if window.session.phase is Phase.PAUSED or chosen < 0.1:
            window.actions_.pause.trigger()
        elif chosen < 0.5:
            window.workbench.plots.tau_requested.emit(round(self._random.uniform(-0.8, 0.4), 2))
            self.wishes += 1
        elif chosen < 0.8 and not window.workbench.chat.answering:
            window.workbench.chat.ask(self._random.choice(_QUESTIONS))
            self.chats += 1
        elif chosen < 0.83:
            window.actions_.skip.trigger()

    def _look_around(self, window: MainWindow) -> None:
        """Some page or other, as after a run."""
        bench = window.workbench
        self._random.choice((window.actions_.outcome, window.actions_.show_run, window.actions_.rephrase)).trigger()
        bench.tabs.setCurrentIndex(self._random.randrange(bench.tabs.count()))

    def _sample(self, at: float) -> Sample:
        import psutil

        gc.collect()
        process = psutil.Process()
        handles = process.num_fds() if hasattr(process, "num_fds") else process.num_handles()
        delays = sorted(self._delays) or [0.0]
        return Sample(
            at=at,
            memory=process.memory_info().rss,
            threads=process.num_threads(),
            handles=handles,
            delay=delays[round(0.99 * (len(delays) - 1))],
            middle=statistics.median(delays),
        )

    def _watch(self, window: MainWindow) -> None:
        """Note how late a timer of the window's thread is."""
        from PySide6.QtCore import QElapsedTimer, Qt, QTimer

        since = QElapsedTimer()
        timer = QTimer(window)
        timer.setTimerType(Qt.TimerType.PreciseTimer)

        def fired() -> None:
            self._delays.append(max(0.0, since.nsecsElapsed() / 1e6 - _EVERY_MS))
            since.restart()

        timer.timeout.connect(fired)
        since.start()
        timer.start(_EVERY_MS)


def main(folder: Path, minutes: float, seed: int) -> None:
    """Use a window, and print what was seen."""
    from atu_gui import app
    from atu_gui.core.config import RoundPlan
    from atu_gui.engine.tiny import make_encoder, make_language_model
    from atu_gui.service.workbench import Workbench

    config = bench_config(make_language_model(folder / "model"), make_encoder(folder / "encoder"))
    config.rounds = [RoundPlan(align_steps=60, unlearn_steps=20, tau=-0.5)] * 2
    workbench = Workbench(folder / "soak.sqlite3")
    user = _User(workbench, config, minutes, seed)
    app.main(["atu-gui"], user.begin)
    workbench.close()
    faulthandler.cancel_dump_traceback_later()
    if user.hands.error is not None:
        raise user.hands.error
    told = {"samples": [asdict(one) for one in user.samples], "chats": user.chats, "wishes": user.wishes}
    print(json.dumps(told))


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]))

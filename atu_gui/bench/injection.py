"""Every write and every allocation of a tiny run fails once: what the user is told, and whether anything is lost.

A clean run is watched to find the points. Then the run is made again and again, each time with one fault, and brought
to its end without it: resumed where it can be, else begun again. It must come to the weights and events of the run that
was left alone.
"""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from atu_gui.bench.faults import PATIENCE, End, Lab, can_resume, end_of, log_of, whole_run
from atu_gui.bench.faulty import DISK, MEMORY, STORE, Fault, Faulty, Point, points_of

_CRASH = "Traceback (most recent call last)"
_SMALLER = "steps now compute"


@dataclass(frozen=True, slots=True)
class Injected:
    """What came of one fault.

    Attributes:
        point: Where it happened.
        time: The how many-eth time that the point was come by.
        fault: What happened.
        told: The sentence on the command line; "" where the run came to its end in spite of it.
        then: "went on", "went on in smaller portions", "resumed" or "begun again".
        same: Whether weights and events are those of the run that was left alone; in smaller portions, sums are rounded
            otherwise, so that they cannot be.
        fault_found: What is wrong with this, or "".
    """

    point: Point
    time: int
    fault: Fault
    told: str
    then: str
    same: bool
    fault_found: str

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return asdict(self)

    def row(self) -> str:
        """One line of the table."""
        told = self.told or "–"
        bad = f"  !! {self.fault_found}" if self.fault_found else ""
        return f"{self.point.where} · {self.point.what} ({self.time}) · {self.fault}: {self.then}. {told}{bad}"


def measure_injection(most: int | None = None, seed: int = 0, kinds: Sequence[str] = ()) -> Iterator[Injected]:
    """Let points fail, all of them or so many drawn ones; the result of each.

    Args:
        most: How many faults; all without it.
        seed: Draws them.
        kinds: disk, store and memory, or some of them; all without any.
    """
    with tempfile.TemporaryDirectory(prefix="atu-bench-", ignore_cleanup_errors=True) as folder:
        lab = Lab(Path(folder), window=False)
        # The first fills the cache of hidden states. What is written into it is found by a run with a cache of its own.
        whole_run(lab, "first")
        _, reference = whole_run(lab, "whole")
        cases = [case for case in _cases(lab) if not kinds or case[0].kind in kinds]
        random.Random(seed).shuffle(cases)
        for number, (point, time, fault) in enumerate(cases[:most]):
            found = _injected(lab, lab.home / f"run-{number}", reference, point, time, fault)
            if found is not None:
                yield found


def _cases(lab: Lab) -> list[tuple[Point, int, Fault]]:
    """Each point with each of its faults, at the first time, the last, and one between."""
    cases: list[tuple[Point, int, Fault]] = []
    for memory in (False, True):
        data = lab.home / f"watched-{memory}"
        faulty = Faulty(lab.home, data.with_suffix(".points"), watches_memory=memory)
        process = lab.process(data, resumed=False, within=faulty)
        process.join(PATIENCE)
        if process.exitcode != 0:
            raise RuntimeError(f"a run that is only watched ended with {process.exitcode}: {log_of(data)[-2000:]}")
        for point, times in points_of(faulty.report)[1].items():
            faults = {"memory": MEMORY, "store": STORE, "disk": DISK}[point.kind]
            for fault, time in zip(faults, (1, times, (times + 1) // 2), strict=False):
                cases.append((point, time, fault))
        shutil.rmtree(data)
    return sorted(cases, key=repr)


def _injected(lab: Lab, data: Path, reference: End, point: Point, time: int, fault: Fault) -> Injected | None:
    """One fault; None where the run did not come by the point so often this time."""
    report = data.with_suffix(".points")
    faulty = Faulty(lab.home, report, point, time, fault, watches_memory=point.kind == "memory")
    process = lab.process(data, resumed=False, within=faulty)
    process.join(PATIENCE)
    if process.is_alive():
        process.kill()
        process.join()
        return Injected(point, time, fault, "", "hung", False, "the run did not end")
    if not points_of(report)[0]:
        return None
    log = log_of(data)
    wrong = "a traceback was shown" if _CRASH in log else ""
    told, then = "", "went on"
    if process.exitcode != 0:
        told = next((line for line in log.split("\n") if line.startswith("Error: ")), "")
        wrong = wrong or ("" if told else f"ended with {process.exitcode} and no word")
        then, trouble = _brought_to_its_end(lab, data)
        wrong = wrong or trouble
    elif _SMALLER in " ".join(log.split()):
        then = "went on in smaller portions"
    same = not wrong and end_of(data) == reference
    if not same and then != "went on in smaller portions":
        wrong = wrong or "it did not end like the run that was left alone"
    shutil.rmtree(data, ignore_errors=True)
    return Injected(point, time, fault, told.removeprefix("Error: "), then, same, wrong)


def _brought_to_its_end(lab: Lab, data: Path) -> tuple[str, str]:
    """How the run was brought to its end, and what was wrong with that."""
    resumed = can_resume(data)
    process = lab.process(data, resumed=resumed)
    process.join(PATIENCE)
    then = "resumed" if resumed else "begun again"
    return then, "" if process.exitcode == 0 else f"could not be {then} ({process.exitcode}): {log_of(data)[-300:]}"

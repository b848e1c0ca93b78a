from __future__ import annotations

import pytest

from atu_gui.core import text
from atu_gui.core.events import Interval, Progress


def test_numbers_have_a_real_minus_and_thousands() -> None:
    assert text.number(-0.5) == "−0.50"
    assert text.number(1684.25, 1) == "1,684.2"
    assert text.number(None) == "–"
    assert text.count(1684) == "1,684"
    assert text.count(1, "passage") == "1 passage"
    assert text.count(2, "entity", "entities") == "2 entities"
    assert text.percent(0.78) == "78 %"
    assert text.percent(-0.03) == "−3 %"


def test_what_rounds_to_nothing_has_no_sign() -> None:
    assert (text.number(-0.004), text.number(-0.006)) == ("0.00", "−0.01")
    assert (text.percent(-0.003), text.percent(-0.006)) == ("0 %", "−1 %")


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.2, "0:00"), (21, "0:21"), (98, "1:38"), (3723, "1:02:03"), (None, "–"), (-3, "0:00")]
)
def test_durations(seconds: float | None, said: str) -> None:
    assert text.duration(seconds) == said


@pytest.mark.parametrize(("amount", "said"), [(12, "12 B"), (538e6, "538 MB"), (1.9e9, "1.9 GB"), (3.2e12, "3.2 TB")])
def test_sizes(amount: float, said: str) -> None:
    assert text.size(amount) == said


def test_progress_speaks_in_its_unit() -> None:
    assert text.progress(Progress("download", "x", 167e6, 271e6, "B")) == "167 MB of 271 MB"
    assert text.progress(Progress("write", "passages", 12, 128, "texts")) == "12 of 128 texts"
    assert text.progress(Progress("download", "Checking", 0, 1)) == ""


def test_intervals_devices_and_formats() -> None:
    assert text.interval(Interval(0.19, 0.14, 0.25, 37)) == "0.19 (0.14–0.25)"
    assert text.interval(None) == "–"
    assert (text.device("cuda:0"), text.device("cpu"), text.device("mps")) == ("CUDA 0", "CPU", "Apple GPU")
    assert text.number_format("bfloat16") == "bf16"
    assert text.capital("one GPT") == "One GPT" and text.capital("") == ""
    assert text.capital("τ must") == "τ must"


def test_how_long_something_is_past() -> None:
    assert [text.ago(seconds) for seconds in (-1, 12.9, 60, 7199, 90_000)] == [
        "0 s ago", "12 s ago", "1 min ago", "1 h ago", "1 d ago",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("amount", "said"),
    [(85_312, "85,312 parameters"), (1_500_000, "1.5 M parameters"), (134_515_008, "135 M parameters")],
)
def test_sizes_of_models(amount: int, said: str) -> None:
    assert text.parameters(amount) == said

"""Three rates out of what was measured."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atu_gui.core.rates import CPU, Rates, Work, fit_rates, usual_rates

_SEEN = (
    Work(1e11, 1e9, 20),
    Work(4e11, 1e9, 20),
    Work(1e10, 4e9, 5),
    Work(1e6, 1e5, 100),
    Work(2e11, 8e9, 60),
)


@given(
    operations=st.floats(1e9, 1e15), traffic=st.floats(1e8, 1e12), block=st.floats(1e-6, 1e-1), more=st.floats(0.1, 10)
)
def test_what_three_rates_made_is_found_again(operations: float, traffic: float, block: float, more: float) -> None:
    true = Rates(1 / operations, 1 / traffic, block)
    found = fit_rates([(work, true.seconds(work)) for work in _SEEN])
    other = Work(5e10, 3e8, 7) * more
    assert found.seconds(other) == pytest.approx(true.seconds(other), rel=0.02)


def test_no_rate_is_below_nothing() -> None:
    # More traffic that took less time: no machine does that.
    found = fit_rates([(Work(1e9, 1e9, 1), 2.0), (Work(1e9, 2e9, 1), 1.0), (Work(2e9, 1e9, 1), 3.0)])
    assert min(found.operation, found.byte, found.block) >= 0
    assert found.seconds(Work(1e9, 1e9, 1)) > 0


def test_a_single_measurement_is_met() -> None:
    work = Work(3e9, 1e8, 4)
    assert fit_rates([(work, 0.5)]).seconds(work) == pytest.approx(0.5)
    with pytest.raises(ValueError, match="nothing"):
        fit_rates([])
    with pytest.raises(ValueError, match="nothing"):
        fit_rates([(Work(), 1.0)])


def test_work_adds_up() -> None:
    assert Work(1, 2, 3) + Work(1, 0, 1) * 2 == Work(3, 2, 5)
    assert CPU.seconds(Work(1, 2, 3) * 2) == pytest.approx(2 * CPU.seconds(Work(1, 2, 3)))
    assert usual_rates("cpu · float32") is CPU
    assert usual_rates("cuda:0 · bfloat16").seconds(Work(0, 1e9, 100)) == 0

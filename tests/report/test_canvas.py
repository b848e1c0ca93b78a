from __future__ import annotations

import pytest

from atu_gui.report.canvas import Canvas, digits_of, thinned, ticks, whole_ticks


def test_values_lie_where_the_axes_say() -> None:
    canvas = Canvas(200.0, 100.0, (0.0, 10.0), (-1.0, 1.0))
    assert (canvas.x(0.0), canvas.x(10.0)) == (canvas.left, canvas.right)
    assert (canvas.y(-1.0), canvas.y(1.0)) == (canvas.bottom, canvas.top)
    assert canvas.y(0.0) == pytest.approx((canvas.bottom + canvas.top) / 2)


@pytest.mark.parametrize(
    ("span", "values", "digits"),
    [
        ((0.0, 1.0), [0.0, 0.2, 0.4, 0.6, 0.8, 1.0], 1),
        ((-0.3, 0.21), [-0.2, 0.0, 0.2], 1),
        ((3.42, 3.46), [3.42, 3.43, 3.44, 3.45, 3.46], 2),
    ],
)
def test_ticks_are_round(span: tuple[float, float], values: list[float], digits: int) -> None:
    assert ticks(span, 5) == pytest.approx(values)
    assert digits_of(span, 5) == digits


def test_rounds_and_steps_have_whole_ticks() -> None:
    assert whole_ticks(3, 8) == [0, 1, 2, 3]
    assert whole_ticks(310, 10)[1:3] == [50, 100]
    assert whole_ticks(0, 8) == [0]


def test_a_very_long_curve_keeps_its_peaks_and_its_order() -> None:
    steps = list(range(200_000))
    values = [5.0 if step == 123_456 else -5.0 if step == 77 else 0.0 for step in steps]
    kept = thinned(steps, values)
    assert len(kept) <= 1202
    assert (123_456.0, 5.0) in kept and (77.0, -5.0) in kept
    assert kept == sorted(kept)
    assert thinned([1, 2], [3.0, 4.0]) == [(1.0, 3.0), (2.0, 4.0)]


def test_words_are_escaped() -> None:
    canvas = Canvas(200.0, 100.0, (0.0, 1.0), (0.0, 1.0))
    canvas.words(0.5, 0.5, "<b>τ</b> & more")
    canvas.mark(0.5, 0.5, "forget", "circle", tip='"><script>')
    drawn = str(canvas.svg('a "name"', "wide"))
    assert "&lt;b&gt;τ&lt;/b&gt; &amp; more" in drawn and "<script>" not in drawn and "a &#34;name&#34;" in drawn

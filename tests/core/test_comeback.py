from __future__ import annotations

import numpy as np
import pytest

from atu_gui.core.comeback import come_back, share_words


def test_all_and_nothing_come_back_as_1_and_0() -> None:
    before, after = list(np.linspace(-2, -1, 40)), list(np.linspace(-5, -4, 40))
    whole = come_back("answer log-prob", "forget", before, after, before).share
    none = come_back("answer log-prob", "forget", before, after, after).share
    assert whole is not None and none is not None
    assert whole.mean == whole.low == whole.high == pytest.approx(1.0)
    assert none.mean == none.low == none.high == pytest.approx(0.0)


def test_half_comes_back_with_an_interval_around_it() -> None:
    random = np.random.default_rng(1)
    before, after = random.normal(-2, 0.5, 60), random.normal(-6, 0.5, 60)
    share = come_back("recall", "forget", before, after, (before + after) / 2 + random.normal(0, 1, 60)).share
    assert share is not None and share.n == 60
    assert share.low < 0.5 < share.high and share.low > 0.2 and share.high < 0.8


def test_of_a_loss_that_is_not_sure_there_is_no_share() -> None:
    random = np.random.default_rng(2)
    before, after = random.normal(0, 1, 30), random.normal(0, 1, 30)
    after += before.mean() - after.mean()
    comeback = come_back("recall", "forget", before, after, before + 5)
    assert comeback.share is None and share_words(comeback.share) == "unclear"


def test_a_gain_is_no_loss() -> None:
    assert come_back("recall", "forget", [0.1] * 9, [0.9] * 9, [0.5] * 9).share is None

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


def test_what_an_attack_adds_to_the_untouched_model_has_not_come_back() -> None:
    before, after = [-2.0] * 20, [-6.0] * 20
    taught = come_back("answer log-prob", "forget", before, after, [-5.0] * 20, [-1.0] * 20).share
    assert taught is not None and taught.mean == pytest.approx(0.0)
    half = come_back("answer log-prob", "forget", before, after, [-3.0] * 20, [-1.0] * 20).share
    assert half is not None and half.mean == pytest.approx(0.5)


def test_an_attack_that_breaks_the_untouched_model_too_shows_nothing() -> None:
    before, after = [-2.0] * 20, [-6.0] * 20
    assert come_back("recall", "forget", before, after, [-7.0] * 20, [-7.0] * 20).share is None
    back = come_back("recall", "forget", before, after, [-4.5] * 20, [-4.5] * 20).share
    assert back is not None and back.mean == pytest.approx(0.375), "what surely came back did"
    harmless = come_back("recall", "forget", before, after, [-6.0] * 20, [-3.0] * 20).share
    assert harmless is not None and harmless.mean == pytest.approx(0.0)


def test_of_a_handful_of_items_no_loss_is_sure() -> None:
    assert come_back("recall", "forget", [1.0] * 5, [0.0] * 5, [1.0] * 5).share is None
    assert come_back("recall", "forget", [1.0] * 6, [0.0] * 6, [1.0] * 6).share is not None

"""When probabilities at every step make a word."""

import numpy as np
import pytest
from pydantic import ValidationError

from rnnexp.preprocessing import detector as detectors
from rnnexp.preprocessing.detector import Detection, Detector

YES, NO, SILENCE, UNKNOWN = range(4)


def detector(**options):
    given = {"threshold": 0.5, "smoothed": 4, "waited": 3, "quiet": 10, "steps_a_second": 50.0}
    return Detector(**given | {"background": SILENCE, "others": UNKNOWN} | options)


def stream(*said, length=60):
    """Return probabilities in which a class is certain from one step to another."""
    made = np.zeros((length, 4))
    made[:, SILENCE] = 1.0
    for number, begin, end in said:
        made[begin:end] = np.eye(4)[number]
    return made


def test_a_word_is_heard_once_where_its_mean_is_largest():
    assert detector().detect(stream((YES, 10, 20))) == [Detection(13, YES, 1.0)]


def test_what_lasts_too_short_a_time_is_nothing():
    assert detector().detect(stream((YES, 10, 11))) == []
    assert detector(smoothed=1).detect(stream((YES, 10, 11))) == [Detection(10, YES, 1.0)]


def test_the_larger_of_two_within_the_wait_is_heard():
    made = stream((YES, 10, 12), (NO, 12, 20))
    assert [each.number for each in detector(waited=3).detect(made)] == [NO]
    assert next(each.number for each in detector(waited=0).detect(made)) == YES


def test_then_there_is_none_for_a_while():
    made = stream((YES, 10, 16), (NO, 20, 26), (YES, 40, 46))
    assert [each.number for each in detector(quiet=10).detect(made)] == [YES, NO, YES]
    assert [each.number for each in detector(quiet=20).detect(made)] == [YES, YES]


def test_one_that_lasts_is_heard_once_and_another_one_meanwhile():
    assert detector(quiet=10).detect(stream((YES, 0, 60))) == [Detection(3, YES, 1.0)]
    made = stream((YES, 0, 60))
    made[30:36] += np.eye(4)[NO]
    assert [each.number for each in detector(quiet=10).detect(made)] == [YES, NO]
    assert len(detector(quiet=10).detect(stream((YES, 0, 20), (YES, 30, 50)))) == 2


def test_silence_and_words_that_are_not_asked_for_are_not_told_of():
    made = stream((UNKNOWN, 10, 20), (YES, 40, 50))
    assert [each.number for each in detector().detect(made)] == [UNKNOWN, YES]
    assert [each.number for each in detector().words(made)] == [YES]
    assert detector().detect(stream()) == []
    assert [each.number for each in detector(background=None).words(made)][:1] == [SILENCE]


def test_no_steps_are_nothing():
    assert detector().detect(np.zeros((0, 4))) == []


def test_it_is_as_long_in_seconds_at_every_rate():
    slow, fast = (Detector.of(0.5, rate, 0, None) for rate in (50.0, 100.0))
    assert (fast.smoothed, fast.waited) == (2 * slow.smoothed, 2 * slow.waited)
    assert Detector.of(0.5, 0.5, 0, None).smoothed == 1


def test_json_and_back():
    for own in (detector(), detector(others=None, background=None)):
        assert detectors.parse(own.to_json()) == own
    for bad in ({"threshold": 0.0}, {"threshold": float("nan")}, {"smoothed": 0}, {"quiet": -1}, {"background": -1}):
        with pytest.raises(ValidationError):
            detectors.parse(detector().to_json() | bad)

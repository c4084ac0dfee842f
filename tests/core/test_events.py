"""Progress and cancellation."""

import threading

import pytest

from evenflow.core import events
from evenflow.core.errors import Cancelled
from evenflow.core.events import CancelToken, Meter


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(events.time, "monotonic", clock)
    return clock


def run(meter, clock, steps, gap_s):
    for _ in range(steps):
        clock.now += gap_s
        meter.advance()


def test_time_left_is_the_pace_so_far(clock):
    seen = []
    meter = Meter("analyze", 10, progress=seen.append, rate_hz=1000)
    run(meter, clock, 10, gap_s=2.0)
    assert [e.eta_s for e in seen] == pytest.approx([2.0 * (10 - i) for i in range(1, 11)])
    assert [e.step for e in seen] == list(range(1, 11))
    assert all(e.phase == "analyze" and e.total == 10 and e.peak_memory > 1e6 for e in seen)


def test_a_stream_has_no_time_left(clock):
    seen = []
    run(Meter("read", None, progress=seen.append, rate_hz=1000), clock, 3, gap_s=1.0)
    assert [e.eta_s for e in seen] == [None] * 3


def test_reports_are_rare_but_for_the_first_and_the_last(clock):
    seen = []
    run(Meter("read", 1001, progress=seen.append, rate_hz=10), clock, 1001, gap_s=0.005)
    assert seen[0].step == 1
    assert seen[-1].step == 1001
    assert len(seen) <= 1001 * 0.005 * 10 + 2


def test_more_steps_than_foretold_do_not_make_time_negative(clock):
    seen = []
    run(Meter("read", 3, progress=seen.append, rate_hz=1000), clock, 5, gap_s=1.0)
    assert min(e.eta_s for e in seen) == 0


def test_cancel_stops_within_one_step():
    token = CancelToken()
    meter = Meter("read", 100, progress=None, cancel=token)
    meter.advance()
    threading.Thread(target=token.cancel).start()
    while not token.cancelled:
        pass
    with pytest.raises(Cancelled) as caught:
        meter.advance()
    assert meter.step == 1
    assert caught.value.exit_code == 130


def test_cancel_from_inside_the_progress_call_stops_the_next_step(clock):
    token = CancelToken()
    meter = Meter("read", 9, progress=lambda _: token.cancel(), cancel=token, rate_hz=1000)
    meter.advance()
    with pytest.raises(Cancelled):
        meter.advance()

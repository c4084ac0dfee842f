"""The crew: same outcomes for any number of workers, resumed where it stopped, never lost."""

import threading
import time
from dataclasses import replace

import bench_fakes
import pytest

from evenflow.bench.crew import Crew, Store, code_mark
from evenflow.bench.footage import Take
from evenflow.bench.plan import Unit
from evenflow.core.errors import Cancelled
from evenflow.core.events import CancelToken

UNITS = [
    Unit("plant", Take(f"clip {i % 3}"), kind, strength)
    for i, kind in enumerate(("shake", "drift", "freeze"))
    for strength in (1, 2)
]
SHAKES = [unit for unit in UNITS if unit.name == "shake"]


@pytest.mark.parametrize("workers", [1, 2])
def test_outcomes_come_in_order_and_what_breaks_is_told(workers):
    with Crew(workers=workers, do=bench_fakes.clumsy) as crew:
        outcomes = crew.run("plants", UNITS)
    assert [o.unit for o in outcomes] == [unit for unit in UNITS if unit.name != "drift"]
    assert [o.refused for o in outcomes if o.unit.name == "freeze"] == ["too short"] * 2
    assert sorted(crew.failures) == [
        f"clip 1 drift at strength {s}: ValueError: this one is broken" for s in (1, 2)
    ]


def test_a_process_that_dies_costs_one_more_try(tmp_path):
    take = Take("clip", file=str(tmp_path / "mark"))
    units = [replace(unit, take=take) for unit in UNITS if unit.strength == 1]
    with Crew(workers=2, do=bench_fakes.frail) as crew:
        outcomes = crew.run("plants", units)
    assert [o.unit for o in outcomes] == [unit for unit in units if unit.name != "drift"]
    assert crew.failures == ["clip drift at strength 1: its process died twice"]


def test_finished_work_is_not_done_again(tmp_path):
    done = []

    def do(unit, *, cancel=None):
        done.append(unit)
        return bench_fakes.ideal(unit)

    for _ in range(2):
        store = Store(tmp_path, "abc")
        with Crew(workers=1, store=store, do=do) as crew:
            outcomes = crew.run("plants", SHAKES)
        store.close()
        assert [o.unit for o in outcomes] == SHAKES
        assert outcomes[0] == bench_fakes.ideal(SHAKES[0])
    assert done == SHAKES
    store = Store(tmp_path, "other code")
    assert store.get(SHAKES[0]) is None
    store.close()


def test_a_torn_line_costs_one_unit(tmp_path):
    store = Store(tmp_path, "abc")
    for unit in SHAKES:
        store.put(bench_fakes.ideal(unit))
    store.close()
    text = store.path.read_text()
    store.path.write_text(text[:-9])
    torn = Store(tmp_path, "abc")
    assert torn.get(SHAKES[0]) is not None and torn.get(SHAKES[1]) is None
    torn.put(bench_fakes.ideal(SHAKES[1]))
    torn.close()
    whole = Store(tmp_path, "abc")
    assert whole.get(SHAKES[1]) == bench_fakes.ideal(SHAKES[1])
    whole.close()


def test_old_files_of_work_go(tmp_path):
    for number in range(10):
        Store(tmp_path, f"mark{number}").close()
    assert len(list(tmp_path.iterdir())) == 6
    assert (tmp_path / "detectors-mark9.jsonl").exists()


def test_who_stops_it_finds_the_rest_kept(tmp_path):
    token, store = CancelToken(), Store(tmp_path, "abc")
    units = [Unit("plant", Take("clip"), "shake", s) for s in (1, 2, 3)]

    def stop_after_the_first(event):
        threading.Timer(0.1, token.cancel).start()

    start = time.monotonic()
    with (
        pytest.raises(Cancelled),
        Crew(
            workers=2, store=store, progress=stop_after_the_first, cancel=token, do=bench_fakes.slow
        ) as crew,
    ):
        crew.run("plants", units)
    assert time.monotonic() - start < 20  # nobody waited for the others
    store.close()
    again = Store(tmp_path, "abc")
    assert again.get(units[0]) is not None and again.get(units[1]) is None
    again.close()


def test_progress_counts_what_is_left_to_do(tmp_path):
    events = []
    store = Store(tmp_path, "abc")
    store.put(bench_fakes.ideal(SHAKES[0]))
    with Crew(workers=1, store=store, progress=events.append, do=bench_fakes.ideal) as crew:
        crew.run("plants", UNITS)
    store.close()
    assert (events[-1].phase, events[-1].step, events[-1].total) == ("plants", 5, 5)


def test_the_mark_of_the_code_is_that_of_its_files(monkeypatch):
    mark = code_mark()
    assert code_mark() == mark and len(mark) == 16
    monkeypatch.setattr("evenflow.bench.crew.MEASURED_BY", ("core",))
    assert code_mark() != mark

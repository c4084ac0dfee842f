import pytest

from evenflow.core.errors import RecipeError
from evenflow.train.clock import Clock, rate
from evenflow.train.recipe import Schedule, from_dict, load, names
from tests.train_runs import RECIPES

pytest.importorskip("torch")


@pytest.mark.parametrize("name", names())
def test_a_recipe_that_ships_is_whole_and_says_what_it_is_for(name):
    recipe = load(name)
    assert recipe.name == name and recipe.about
    assert from_dict(__import__("yaml").safe_load(recipe.to_yaml())) == recipe


def test_a_file_is_a_recipe_and_can_be_changed(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(RECIPES["generator"]().to_yaml())
    changed = load(path, ["optimizer.muon=0.01", "net.config.width=48", "schedule.minutes=2"])
    assert changed.optimizer.muon == 0.01 and changed.net.config["width"] == 48
    assert changed.schedule.minutes == 2 and changed.schedule.steps is None
    assert changed.optimizer.adamw == RECIPES["generator"]().optimizer.adamw


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("optimizer.mu=1", "did you mean optimizer.muon"),
        ("batch=0", "batch.*got 0"),
        ("batch=many", "batch.*got 'many'"),
        ("data.frames=8", "1 [+] 4n, got 8"),
        ("data.size=[30, 32]", "multiples of 8, got 30x32"),
        ("schedule.steps=null", "give one of them"),
        ("batch", "key=value"),
        ("name.x=1", "name is no table"),
        ("batch=[", "not a value"),
        ("precision=fp8", "precision"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(change, message, tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(RECIPES["tokenizer"]().to_yaml())
    with pytest.raises(RecipeError, match=message) as caught:
        load(path, [change])
    assert "\n" not in str(caught.value)


def test_files_that_are_no_recipes(tmp_path):
    with pytest.raises(RecipeError, match="did you mean nano"):
        load("nanoo")
    for text, message in (
        ("- 1", "no table"),
        ("a: [", "not YAML"),
        ("name: !!python/object/apply:os.system ['true']", "not YAML"),
    ):
        path = tmp_path / "odd.yaml"
        path.write_text(text)
        with pytest.raises(RecipeError, match=message):
            load(path)


def test_the_rate_rises_stays_and_falls_to_nothing():
    schedule = Schedule(steps=1000, warm_up=100, decay=0.4)
    rates = [rate(schedule, step, step / 1000) for step in range(1000)]
    assert rates[0] == 0.01 and rates[99] == rates[599] == 1
    assert rates[800] == pytest.approx(0.5) and 0 < rates[999] < 0.01
    assert max(rates) == 1
    assert rate(Schedule(steps=10, warm_up=0, decay=0), 9, 0.9) == 1


def test_a_clock_of_minutes_goes_on_with_what_was_spent():
    times = iter([100.0, 130.0])
    clock = Clock(Schedule(minutes=1), spent=15.0, now=lambda: next(times))
    assert clock.share(7) == 0.75
    times = iter([0.0, 30.0])
    assert Clock(Schedule(minutes=1), now=lambda: next(times)).expected(50) == 100
    assert Clock(Schedule(steps=8)).share(2) == 0.25

"""Errors: the exit codes of the command line, and one line each."""

import inspect

import pytest

from evenflow.core import errors
from evenflow.core.errors import EvenflowError, Problem, StoryboardError

CODES = {
    "EvenflowError": 1,
    "BadInput": 2,
    "UnreadableVideo": 2,
    "OutputExists": 2,
    "TimeError": 2,
    "GateError": 2,
    "StoryboardError": 2,
    "RecipeError": 2,
    "GateNotMet": 3,
    "ResourceShortage": 4,
    "BackendMissing": 5,
    "Cancelled": 130,
}
TREE = {n: c for n, c in inspect.getmembers(errors, inspect.isclass) if issubclass(c, Exception)}


def test_the_tree_is_as_documented():
    assert {name: tree.exit_code for name, tree in TREE.items()} == CODES
    for name, code in CODES.items():
        if name not in ("StoryboardError", "GateError", "TimeError"):
            assert name in (errors.__doc__ or "")
        assert issubclass(TREE[name], EvenflowError)
        assert issubclass(TREE[name], ValueError) == (code == 2)


@pytest.mark.parametrize("count", [1, 2, 20, 21, 300])
def test_a_storyboard_error_lists_its_problems_in_the_order_of_the_file(count):
    problems = [Problem("b.yaml", line, 1, "x", "is wrong") for line in range(count, 0, -1)]
    error = StoryboardError(problems)
    lines = str(error).split("\n")
    assert [p.line for p in error.problems] == list(range(1, count + 1))
    assert len(lines) == (1 if count == 1 else 1 + min(count, 20) + (count > 20))
    assert lines[0 if count == 1 else 1] == "b.yaml:1:1: x: is wrong"

"""The page of the engine: its example runs and says what is true."""

from pathlib import Path

import pytest

pytest.importorskip("torch")

PAGE = Path(__file__).parents[2] / "docs" / "engine.md"


def test_the_examples_run():
    parts = PAGE.read_text().split("```python\n")[1:]
    known: dict[str, object] = {}
    for part in parts:
        exec(compile(part.split("```")[0], str(PAGE), "exec"), known)
    assert len(parts) == 2


def test_every_row_of_every_table_is_named():
    from evenflow.guidance import GUIDANCE
    from evenflow.noise import NOISES
    from evenflow.process import PROCESSES
    from evenflow.samplers import SAMPLERS
    from evenflow.schedules import LEVELS, SCHEDULES

    text = PAGE.read_text()
    for table in (GUIDANCE, NOISES, PROCESSES, SAMPLERS, LEVELS, SCHEDULES):
        assert all(f"`{name}`" in text for name in table)

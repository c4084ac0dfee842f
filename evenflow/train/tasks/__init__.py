"""Tasks: what is trained; `TASKS` is the table, each row `(recipe, ranks) -> Task`."""

from collections.abc import Callable

from evenflow.dist import Ranks
from evenflow.train.recipe import Recipe
from evenflow.train.tasks.distribution import DistributionTask
from evenflow.train.tasks.generator import GeneratorTask
from evenflow.train.tasks.progressive import ProgressiveTask
from evenflow.train.tasks.student import StudentTask
from evenflow.train.tasks.task import Task
from evenflow.train.tasks.tokenizer import TokenizerTask

TASKS: dict[str, Callable[[Recipe, Ranks], Task]] = {
    "tokenizer": TokenizerTask,
    "generator": GeneratorTask,
    "student": StudentTask,
    "progressive": ProgressiveTask,
    "distribution": DistributionTask,
}

__all__ = [
    "TASKS",
    "DistributionTask",
    "GeneratorTask",
    "ProgressiveTask",
    "StudentTask",
    "Task",
    "TokenizerTask",
]

"""Train: recipes, one loop, and what it does beside learning, a file each."""

from evenflow.train.estimate import Estimate, estimate
from evenflow.train.logs import RunLog
from evenflow.train.loop import train
from evenflow.train.recipe import Recipe, load, names

__all__ = ["Estimate", "Recipe", "RunLog", "estimate", "load", "names", "train"]

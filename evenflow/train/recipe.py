"""Recipe: all that a training run is told, from YAML, checked before anything is computed.

A recipe is data: a name of the table below or a file of one's own, changed on the command line by
`--set optimizer.muon=0.01`. What was run is written beside the weights, whole.
"""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from evenflow.core.errors import RecipeError

FOLDER = Path(__file__).parent / "recipes"
MOST = 1 << 20
"""Bytes of a recipe that is still read."""


class Part(BaseModel):
    """A table of a recipe: every key is known, nothing is changed afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Data(Part):
    """What is learned from.

    Args:
        source: what `data.open_dataset` opens: a folder, tars, `world:story?seed=0&n=100000`.
        frames, size, fps: of every clip that is cut; frames are 1 + 4n, size is width and height.
        caption: level of the captions of the world, or empty for what the row has.
        resident: whether all clips are made once and kept in memory (and in the run's folder).
        clips: the folder of another run with the same data, whose clips are taken; or empty.
        workers: processes that simulate and decode.
    """

    source: str
    frames: int = Field(default=33, ge=1)
    size: tuple[int, int] = (128, 128)
    fps: str = "12"
    caption: str = ""
    resident: bool = False
    clips: str = ""
    workers: int = Field(default=0, ge=0, le=256)

    @model_validator(mode="after")
    def _fits(self) -> "Data":
        if (self.frames - 1) % 4:
            raise ValueError(f"data.frames is 1, 5, 9 ...: 1 + 4n, got {self.frames}")
        if any(side < 8 or side % 8 for side in self.size):
            raise ValueError(f"data.size is multiples of 8, got {self.size[0]}x{self.size[1]}")
        return self


class Net(Part):
    """What is trained.

    Args:
        size: a row of `tokenizers.group_causal.SIZES` or `backbones.dit.SIZES`.
        config: changes to that row, by name.
        tokenizer: of a generator: a folder, the folder of a run, or `wavelet`.
        words: longest caption of a generator, in words; 0 trains without text.
        start: folder of weights to begin with, or empty.
        teacher: folder of the weights that a student follows; those of `start` where nothing is
            said.
        frozen: parts of a tokenizer that stay as they are: `encoder`, so that latents that others
            learned from stay valid.
    """

    size: str = "nano"
    config: dict[str, Any] = Field(default_factory=dict)
    tokenizer: str = ""
    words: int = Field(default=0, ge=0, le=512)
    start: str = ""
    teacher: str = ""
    frozen: list[Literal["encoder"]] = Field(default_factory=list)


class Objective(Part):
    """What the network is asked for.

    Args:
        causal: share of batches with a block-causal mask and a past to go on from; the others see
            all and fill in a window. Of `distribution`: share of the steps in which the laws are
            those of one block after its past.
        short: share of the batches with a block-causal mask that show the first block alone, with
            nothing given: what a caption looks like is learned there, at less than half the price.
        block: latent frames of a block.
        layouts: shares of `flow_matching.LAYOUTS` in the batches with a block-causal mask.
        mean, std, shift: of the levels.
        seen: the error of a channel of the latents weighs what it changes in the picture to this
            power; 0, all weigh alike.
        drop: chance by condition that a clip goes without it.
        weights: of the parts of a tokenizer's loss, see `objectives.autoencoding.WEIGHTS`.
        smooth, again, noise: of a tokenizer's loss, see there.
        guidance: of the teacher of a student, folded into it.
        grid: levels at which a student is taught; of `progressive` the steps of its teacher.
        levels: where the steps of a student stand, falling from 1 to 0.
    """

    causal: float = Field(default=0.7, ge=0, le=1)
    short: float = Field(default=0.0, ge=0, le=1)
    block: int = Field(default=3, ge=1)
    layouts: dict[str, float] = Field(default_factory=lambda: {"history": 1.0})
    mean: float = 0.0
    std: float = Field(default=1.0, gt=0)
    shift: float = Field(default=3.0, gt=0)
    seen: float = Field(default=0.0, ge=0)
    drop: dict[str, float] = Field(default_factory=lambda: {"text": 0.1})
    weights: dict[str, float] = Field(default_factory=dict)
    smooth: float = Field(default=1e-3, gt=0)
    again: float = Field(default=1.0, gt=0, le=1)
    noise: tuple[float, float] = (0.1, 0.2)
    guidance: float = Field(default=2.0, ge=0)
    grid: int = Field(default=32, ge=2)
    levels: tuple[float, ...] = (1.0, 0.94, 0.83, 0.63, 0.0)


class Optimizer(Part):
    """Muon for the matrices inside the layers, AdamW for the rest.

    Args:
        adamw: its rate; betas, weight_decay of AdamW.
        muon: its rate, 0 leaves all to AdamW; momentum and decay of Muon.
        clip: largest norm of the gradient.
    """

    adamw: float = Field(default=3e-4, gt=0)
    betas: tuple[float, float] = (0.9, 0.95)
    weight_decay: float = Field(default=0.0, ge=0)
    muon: float = Field(default=0.0, ge=0)
    momentum: float = Field(default=0.95, ge=0, lt=1)
    muon_decay: float = Field(default=0.01, ge=0)
    clip: float = Field(default=1.0, gt=0)


class Schedule(Part):
    """How long, and how the rate goes.

    Args:
        minutes: wall-clock budget; the rate follows the share of it that is over.
        steps: number of steps instead; a run by steps is the same to the last bit wherever it was
            stopped. One of the two is given.
        warm_up: steps in which the rate rises from 0.
        decay: share at the end in which it falls in a line; floor: what is left of it there, for a
            run that another one goes on from.
    """

    minutes: float | None = Field(default=None, gt=0)
    steps: int | None = Field(default=None, ge=1)
    warm_up: int = Field(default=200, ge=0)
    decay: float = Field(default=0.4, ge=0, le=1)
    floor: float = Field(default=0.0, ge=0, le=1)

    @model_validator(mode="after")
    def _one(self) -> "Schedule":
        if (self.minutes is None) == (self.steps is None):
            raise ValueError("schedule.minutes or schedule.steps: give one of them, null the other")
        return self


class Averaged(Part):
    """The moving average of the weights, which is what is saved in the end.

    Args:
        decay: per step; begin: first step.
    """

    decay: float = Field(default=0.999, ge=0, lt=1)
    begin: int = Field(default=500, ge=0)


class Validation(Part):
    """What is generated and graded on the way, and at the end.

    Args:
        prompts: how many; seed: of the first scene, none of which is learned from.
        every: steps between two rounds; 0 for the end alone.
        steps, guidance: of the sampler.
        check: whether `check` looks at the clips too.
    """

    prompts: int = Field(default=0, ge=0)
    seed: int = Field(default=900_000, ge=0)
    every: int = Field(default=0, ge=0)
    steps: int = Field(default=20, ge=1)
    guidance: float = Field(default=1.5, ge=0)
    check: bool = True


class Recipe(Part):
    """A training run.

    Args:
        name: of the recipe; task: a row of TASKS; about: one line for people.
        batch: clips of one step, of all ranks together.
        accumulate: parts in which a rank goes through its share of a batch.
        precision: `bf16` computes matrix products in half precision; weights stay in float32.
        compile: whether the network is compiled.
        recompute: whether layers are computed again on the way back, to save memory.
        parallel: a row of PARALLEL, when torchrun started several processes.
        save_every: steps between checkpoints.
        keep: checkpoints that stay.
        log_every: steps between lines of the log.
        seed: of all that is random.
    """

    schema_: Literal["evenflow.recipe/1"] = Field(default="evenflow.recipe/1", alias="schema")
    name: str
    task: Literal["tokenizer", "generator", "student", "progressive", "distribution"]
    about: str = ""
    data: Data
    net: Net = Net()
    objective: Objective = Objective()
    optimizer: Optimizer = Optimizer()
    schedule: Schedule
    average: Averaged = Averaged()
    validation: Validation = Validation()
    batch: int = Field(default=32, ge=1)
    accumulate: int = Field(default=1, ge=1)
    precision: Literal["fp32", "bf16"] = "fp32"
    compile: bool = False
    recompute: bool = False
    parallel: Literal["ddp", "fsdp2"] = "ddp"
    save_every: int = Field(default=500, ge=1)
    keep: int = Field(default=2, ge=1)
    log_every: int = Field(default=10, ge=1)
    seed: int = Field(default=0, ge=0)

    def to_yaml(self) -> str:
        """The recipe as a file that can be run again."""
        return yaml.safe_dump(self.model_dump(mode="json", by_alias=True), sort_keys=False)


def names() -> list[str]:
    """Recipes that ship."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def load(where: str | Path, changes: Sequence[str] = ()) -> Recipe:
    """A recipe by name or file.

    Args:
        where: a name of `names()` or a YAML file.
        changes: `key=value` with dots between keys; the value is YAML.

    Raises:
        RecipeError: it is not there, has a key that is not known or a value that cannot be.
    """
    path = Path(where)
    if str(where) in names():
        path = FOLDER / f"{where}.yaml"
    elif not path.is_file():
        near = get_close_matches(str(where), names(), n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(names())}"
        raise RecipeError(f"{where} is neither a recipe nor a file: {hint}")
    if path.stat().st_size > MOST:
        raise RecipeError(f"{path.name} is larger than a recipe can be")
    try:
        told = yaml.safe_load(path.read_text())
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path.name} is not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(told, dict):
        raise RecipeError(f"{path.name} is no table of keys and values")
    for change in changes:
        _set(told, change)
    return _checked(told, path.name)


def from_dict(told: Mapping[str, Any], name: str = "recipe") -> Recipe:
    """A recipe from plain types, checked as a file is."""
    return _checked(dict(told), name)


def _checked(told: dict[str, Any], name: str) -> Recipe:
    try:
        return Recipe.model_validate(told)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(one) for one in first["loc"])
        if first["type"] == "extra_forbidden":
            near = get_close_matches(where, _keys(Recipe), n=1, cutoff=0.5)
            hint = f"did you mean {near[0]}?" if near else f"see {FOLDER.name}/nano.yaml"
            raise RecipeError(f"{name}: there is no key {where}; {hint}") from None
        message = first["msg"].removeprefix("Value error, ")
        said = "" if isinstance(first["input"], dict) else f", got {first['input']!r}"
        raise RecipeError(f"{name}: {where + ': ' if where else ''}{message}{said}") from None


def _keys(kind: type[BaseModel], before: str = "") -> list[str]:
    """All keys with dots between them."""
    found = []
    for key, field in kind.model_fields.items():
        name = before + (field.alias or key)
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            found += _keys(inner, name + ".")
        else:
            found.append(name)
    return found


def _set(told: dict[str, Any], change: str) -> None:
    """Puts one `a.b=value` into a recipe."""
    key, equals, text = change.partition("=")
    if not equals or not key.strip():
        raise RecipeError(f"--set takes key=value, such as optimizer.muon=0.01, got {change!r}")
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
        raise RecipeError(f"--set {key}: {text!r} is not a value that YAML knows") from None
    place = told
    *tables, last = key.strip().split(".")
    for table in tables:
        inner = place.setdefault(table, {})
        if not isinstance(inner, dict):
            raise RecipeError(f"--set {key}: {table} is no table")
        place = inner
    place[last] = value
    if tables == ["schedule"] and last in ("steps", "minutes") and value is not None:
        place["minutes" if last == "steps" else "steps"] = None

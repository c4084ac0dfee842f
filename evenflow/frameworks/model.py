"""Model: a trained generator, its tokenizer and its words, ready to make clips.

A folder holds `config.json` and `model.safetensors` (the network, and what its captions and clips
were like), `tokenizer/`, and where there is one `student/`: a network of the same form that takes
the few steps of its `levels` with guidance folded in. `pocket` comes with the package.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

import evenflow
from evenflow.backbones.dit import DiT
from evenflow.backbones.words import Words
from evenflow.core.clip import Clip
from evenflow.core.errors import BackendMissing, BadInput, EvenflowError
from evenflow.core.events import CancelToken, Meter, Progress
from evenflow.dist import device_of
from evenflow.frameworks.made import Made, Pictures
from evenflow.frameworks.needs import enough_memory, memory_of
from evenflow.frameworks.picture import Still, foreign, still
from evenflow.frameworks.prompt import AS_IT_IS, hear
from evenflow.frameworks.seen import STEPS
from evenflow.schedules.levels import shifted
from evenflow.tokenizers import GroupCausalVAE, Tokenizer, load_tokenizer
from evenflow.tokenizers.video import GROUP, SIDE

if TYPE_CHECKING:
    from evenflow.frameworks.picture import Image

SCHEMA = "evenflow.generate/1"
SHIPPED = "pocket"
PREVIEW_STEPS = 6
"""Of a teacher, for a first look."""
SMALL = 32_000_000
"""Weights up to which one thread is as quick as several."""
MOST_FRAMES = 100_001
Quality = Literal["turbo", "full"]
Item = TypeVar("Item")


@dataclass(frozen=True)
class Facts:
    """What a model says of itself in its `config.json`.

    Args:
        recipe: that it was trained by.
        frames, size, fps: of the clips that it learned from; size is width and height.
        block: latent frames that it makes together.
        shift: of the levels of its steps.
        steps, guidance: where nobody says others.
        caption: level of its captions, see `prompt.hear`.
        camera: what the camera does where a prompt does not say it.
        colors: whether things get a color where a prompt does not say it.
        preset: of the world that it learned from, for the grader.
        knows: words that it has seen; empty for all.
        levels: of a student, that its steps stand at, 1 first and 0 last.
        sampler: a row of `seen.STEPS`.
    """

    recipe: str = ""
    frames: int = 17
    size: tuple[int, int] = (64, 64)
    fps: Fraction = Fraction(12)
    block: int = 3
    shift: float = 3.0
    steps: int = 24
    guidance: float = 3.0
    caption: str = "L2"
    camera: str = "static"
    colors: bool = True
    preset: str = "lab"
    knows: tuple[str, ...] = ()
    levels: tuple[float, ...] = ()
    sampler: str = "dpmpp_2m"


def facts_of(config: Mapping[str, Any], where: str) -> Facts:
    """What a config says; what it leaves out is as in `Facts`. A student is who tells levels.

    Raises:
        BadInput: a value that cannot be.
    """
    student = bool(config.get("levels"))
    plain = Facts(sampler="consistency" if student else "dpmpp_2m")
    try:
        width, height = config.get("size", plain.size)
        found = Facts(
            recipe=str(config.get("recipe", "")),
            frames=int(config.get("frames", plain.frames)),
            size=(int(width), int(height)),
            fps=Fraction(str(config.get("fps", plain.fps))),
            block=int(config.get("block", plain.block)),
            shift=float(config.get("shift", plain.shift)),
            steps=int(config.get("steps", plain.steps)),
            guidance=float(config.get("guidance", plain.guidance)),
            caption=str(config.get("caption") or plain.caption),
            camera=str(config.get("camera", plain.camera)),
            colors=bool(config.get("colors", plain.colors)),
            preset=str(config.get("preset", plain.preset)),
            knows=tuple(map(str, config.get("knows") or ())),
            levels=tuple(map(float, config.get("levels") or ())),
            sampler=str(config.get("sampler", plain.sampler)),
        )
    except (TypeError, ValueError, ZeroDivisionError) as error:
        raise BadInput(f"{where} says something that cannot be understood: {error}") from None
    falls = all(a > b for a, b in zip(found.levels, found.levels[1:], strict=False))
    wrong = (
        found.frames < 1 or (found.frames - 1) % GROUP or min(found.size) < SIDE
        or any(side % SIDE for side in found.size) or found.fps <= 0 or found.block < 1
        or not found.shift > 0 or found.steps < 1 or found.sampler not in STEPS
        or (student and (len(found.levels) < 2 or not falls
                         or found.levels[0] != 1 or found.levels[-1] != 0))
    )  # fmt: skip
    if wrong:
        raise BadInput(f"{where} describes clips or steps that cannot be: use one that was written")
    return found


@dataclass(frozen=True)
class Plan:
    """A clip that can be made: everything is decided and checked, but for the seed.

    Args:
        prompt: as it was written; caption: as the model hears it.
        frames, size: of the clip; fps: of the model.
        quality: `turbo` is the student, `full` the teacher.
        method: a row of FRAMEWORKS; sampler: of `seen.STEPS`.
        levels: of every block, from 1 to 0.
        guidance: 1 for none.
        image: that it begins with, or None.
        warnings: what a user should know, one line each.
    """

    prompt: str
    caption: str
    frames: int
    size: tuple[int, int]
    fps: Fraction
    quality: Quality
    method: str
    sampler: str
    levels: tuple[float, ...]
    guidance: float
    image: Still | None = None
    warnings: tuple[str, ...] = ()

    @property
    def steps(self) -> int:
        """Of every block."""
        return len(self.levels) - 1

    @property
    def latent_frames(self) -> int:
        """Of the clip."""
        return 1 + (self.frames - 1) // GROUP


@dataclass(frozen=True)
class Net:
    """A network with what it says of itself.

    Args:
        net: the network.
        facts: see there.
        digest: of its weights and its config.
    """

    net: DiT
    facts: Facts
    digest: str


class Model:
    """A loaded generator. It makes the same bytes for the same seed, alone or among others.

    Args:
        name: base name, for records.
        teacher: takes as many steps as it is asked to.
        tokenizer: between latents and pictures.
        words: of captions, or None.
        student: takes few steps, or None.
        device: where it computes.
        card: what is known of its training.
    """

    def __init__(
        self,
        name: str,
        teacher: Net,
        tokenizer: Tokenizer,
        words: Words | None,
        *,
        student: Net | None = None,
        device: str = "cpu",
        card: Mapping[str, Any] | None = None,
    ) -> None:
        self.name, self.teacher, self.student = name, teacher, student
        self.tokenizer, self.words, self.device = tokenizer, words, device
        self.card = dict(card or {})
        for one in (teacher, student):
            if one is not None:
                one.net.to(device).eval().requires_grad_(False)

    def __repr__(self) -> str:
        width, height = self.facts.size
        student = f", student of {len(self.student.facts.levels) - 1} steps" if self.student else ""
        return f"<Model {self.name}: {self.facts.frames} frames of {width}x{height}{student}>"

    @property
    def facts(self) -> Facts:
        """What the teacher says of itself."""
        return self.teacher.facts

    def chosen(self, quality: Quality) -> Net:
        """The network that makes clips of this quality."""
        return self.student if quality == "turbo" and self.student is not None else self.teacher

    def plan(
        self,
        prompt: str,
        *,
        image: "Image | None" = None,
        frames: int | None = None,
        size: tuple[int, int] | None = None,
        steps: int | None = None,
        guidance: float | None = None,
        quality: Quality = "turbo",
        method: str = "autoregressive",
        preview: bool = False,
    ) -> Plan:
        """Checks and decides everything about a clip before any work is done.

        Args:
            prompt: what it shows, in the world's language.
            image: that it begins with: a file, a clip or an array.
            frames: 4n + 1; as in training by default.
            size: width and height; as in training by default.
            steps: of every block; a student's are fixed.
            guidance: how strictly the teacher follows the prompt; a student's is folded in.
            quality: `turbo` takes the student where there is one, `full` the teacher.
            method: a row of FRAMEWORKS.
            preview: as quickly as the model can.

        Raises:
            BadInput: something that cannot be.
            ResourceShortage: not enough memory.
        """
        from evenflow.frameworks import FRAMEWORKS

        facts = self.facts
        frames = facts.frames if frames is None else frames
        check_frames(frames)
        size = self._size(size)
        if quality not in ("turbo", "full"):
            raise BadInput(f"a quality is turbo or full, got {quality!r}")
        if method not in FRAMEWORKS:
            raise BadInput(f"a method is {' or '.join(FRAMEWORKS)}, got {method!r}")
        if steps is not None and not 1 <= steps <= 1000:
            raise BadInput(f"a clip takes 1 to 1000 steps, got {steps}")
        if guidance is not None and not 0 <= guidance <= 100:
            raise BadInput(f"guidance is a number from 0 (none of it) to 100, got {guidance:g}")
        if quality == "full" and self.teacher is self.student:
            raise BadInput(
                f"{self.name} is a student without its teacher: it takes its own steps, say turbo"
            )
        warnings: list[str] = []
        turbo = quality == "turbo" and self.student is not None
        if turbo and method != "autoregressive":
            raise BadInput(
                f"the student makes clips block by block: say --quality full for {method}"
            )
        if turbo:
            assert self.student is not None
            levels, sampler, scale = self.student.facts.levels, self.student.facts.sampler, 1.0
            if steps not in (None, len(levels) - 1) or guidance not in (None, 1):
                raise BadInput(
                    f"the student takes {len(levels) - 1} steps with guidance folded in: say "
                    f"--quality full for steps or guidance of your own"
                )
        else:
            count = steps or (PREVIEW_STEPS if preview else facts.steps)
            levels = tuple(shifted(count, shift=facts.shift).tolist())
            sampler = facts.sampler
            scale = facts.guidance if guidance is None else float(guidance)
        heard = hear(
            prompt,
            self.words,
            level=facts.caption,
            camera=facts.camera,
            colors=facts.colors,
            knows=facts.knows,
        )
        warnings += heard.warnings
        if self.words is None:
            scale = 1.0
        self._enough(size, frames, scale, method)
        picture = None
        if image is not None:
            picture = still(image, size)
            warnings += picture.warnings
            if self.alien(picture):
                warnings.append(
                    f"{picture.name} is not a picture of the world that {self.name} knows: the "
                    f"clip will lose what it shows; --model takes a model that has seen such"
                )
        if size != facts.size:
            wide, tall = facts.size
            warnings.append(
                f"{self.name} learned from {wide}x{tall}; at {size[0]}x{size[1]} things come out "
                f"of another size, and worse"
            )
        return Plan(
            prompt, heard.caption, frames, size, facts.fps, "turbo" if turbo else "full", method,
            sampler, levels, scale, picture, tuple(warnings),
        )  # fmt: skip

    def _size(self, size: tuple[int, int] | None) -> tuple[int, int]:
        if size is None:
            return self.facts.size
        patch = self.teacher.net.config.patch
        steps = (SIDE * patch[2], SIDE * patch[1])
        if any(side < step or side % step for side, step in zip(size, steps, strict=True)):
            near = [max(1, round(s / p)) * p for s, p in zip(size, steps, strict=True)]
            raise BadInput(
                f"{self.name} makes sides that are multiples of {steps[0]}, got "
                f"{size[0]}x{size[1]}: say {near[0]}x{near[1]}"
            )
        return size

    def _enough(self, size: tuple[int, int], frames: int, scale: float, method: str) -> None:
        config, facts = self.teacher.net.config, self.facts
        trained = 1 + (facts.frames - 1) // GROUP
        need = memory_of(
            size=size,
            frames=frames,
            sight=min(trained, 1 + (frames - 1) // GROUP),
            block=facts.block,
            layers=config.layers,
            width=config.width,
            patch=min(config.patch[1:]),
            guided=scale != 1,
            full=method == "full_sequence",
        )
        enough_memory(need)

    def alien(self, picture: Still) -> bool:
        """Whether a picture is none of the world: its colors, or what the tokenizer makes of it."""
        return self.facts.caption != AS_IT_IS and foreign(picture.pixels)

    def record(self, plan: Plan, seed: int) -> dict[str, Any]:
        """All that decides the bytes of a clip, as plain types; it goes into every file of it."""
        image = plan.image
        chosen = self.chosen(plan.quality)
        return {
            "schema": SCHEMA,
            "version": evenflow.__version__,
            "prompt": plan.prompt,
            "caption": plan.caption,
            "model": {"name": self.name, "recipe": self.facts.recipe, "weights": chosen.digest},
            "quality": plan.quality,
            "method": plan.method,
            "sampler": plan.sampler,
            "steps": plan.steps,
            "levels": [round(level, 6) for level in plan.levels],
            "guidance": plan.guidance,
            "frames": plan.frames,
            "size": list(plan.size),
            "fps": str(plan.fps),
            "seed": seed,
            "image": None if image is None else {"name": image.name, "sha256": image.digest},
        }

    def parts(
        self,
        plan: Plan,
        seed: int,
        *,
        begun: "Float[Tensor, '1 c _ h w'] | None" = None,
        progress: Progress | None = None,
        cancel: CancelToken | None = None,
    ) -> "Iterator[Float[Tensor, '1 c _ h w']]":
        """Latents of a clip, part by part; put together they are all of it.

        Args:
            plan: from `plan`.
            seed: of the clip.
            begun: of the same clip, from a run that was stopped.
            progress, cancel: see `core.events`.

        Raises:
            EvenflowError: the network made numbers that are not finite.
        """
        return self._steady(lambda: self._parts(plan, seed, begun, progress, cancel))

    def _parts(
        self,
        plan: Plan,
        seed: int,
        begun: Tensor | None,
        progress: Progress | None,
        cancel: CancelToken | None,
    ) -> Iterator[Tensor]:
        from evenflow.frameworks import FRAMEWORKS

        chosen = self.chosen(plan.quality)
        config = chosen.net.config
        rows, columns = plan.size[1] // SIDE, plan.size[0] // SIDE
        cond: dict[str, Any] = {}
        if self.words is not None:
            cond["text"] = self.words.encode([plan.caption]).to(self.device)
        if config.actions:
            cond["actions"] = torch.zeros(1, plan.latent_frames, config.actions, device=self.device)
        given = None
        if begun is not None:
            begun = begun.to(self.device)
        if plan.image is not None:
            video = torch.tensor(plan.image.pixels, device=self.device)
            given = self.tokenizer.encode(video.permute(2, 0, 1)[None, :, None] / 255)
        for part in FRAMEWORKS[plan.method](
            chosen.net,
            cond,
            seed=seed,
            shape=(config.channels, plan.latent_frames, rows, columns),
            levels=torch.tensor(plan.levels, dtype=torch.float64),
            sampler=plan.sampler,
            guidance=plan.guidance,
            block=self.facts.block,
            trained=1 + (self.facts.frames - 1) // GROUP,
            given=given,
            begun=begun,
            device=self.device,
            progress=progress,
            cancel=cancel,
        ):
            if not bool(part.isfinite().all()):
                raise EvenflowError(
                    f"{self.name} made numbers that are not finite (seed {seed}): its weights are "
                    f"broken, or --guidance is too strong"
                )
            yield part

    def pictures(
        self,
        parts: "Iterator[Float[Tensor, '1 c _ h w']]",
        *,
        frames: int | None = None,
        progress: Progress | None = None,
        cancel: CancelToken | None = None,
    ) -> Iterator[Pictures]:
        """Groups of frames `(g, h, w, 3)` as soon as their latents are there.

        The bytes do not depend on how the latents are parted.
        """
        meter = Meter("decode", frames, progress=progress, cancel=cancel)
        for group in self._steady(lambda: self._decoded(parts)):
            video = (group[0].clamp(0, 1) * 255).round().to(torch.uint8)
            made: Pictures = video.permute(1, 2, 3, 0).contiguous().cpu().numpy()
            yield made
            meter.advance(len(made))

    def _decoded(self, parts: Iterator[Tensor]) -> Iterator[Tensor]:
        singles = (one for part in parts for one in part.to(self.device).split(1, dim=2))
        if isinstance(self.tokenizer, GroupCausalVAE):
            yield from self.tokenizer.decode_stream(singles)
            return
        first: Tensor | None = None
        for one in singles:  # each group stands on its own
            if first is None:
                first = one
                yield self.tokenizer.decode(one)
            else:
                yield self.tokenizer.decode(torch.cat([first, one], dim=2))[:, :, 1:]

    def _steady(self, begin: Callable[[], Iterator[Item]]) -> Iterator[Item]:
        """Without gradients and on a fixed number of threads, whoever asks for the next item."""
        num = 1 if self.teacher.net.num_weights <= SMALL else None
        with _alone(num):
            inner = begin()
        while True:
            with _alone(num):
                try:
                    item = next(inner)
                except StopIteration:
                    return
            yield item

    def generate(
        self,
        prompt: str,
        *,
        image: "Image | None" = None,
        frames: int | None = None,
        size: tuple[int, int] | None = None,
        seed: int = 0,
        steps: int | None = None,
        guidance: float | None = None,
        quality: Quality = "turbo",
        method: str = "autoregressive",
        preview: bool = False,
        progress: Progress | None = None,
        cancel: CancelToken | None = None,
    ) -> Clip:
        """One clip; `ef.generate` makes several and ranks them.

        Arguments are those of `plan`, and the seed. `clip.source` is a `Made`: it has the record,
        the latents and the warnings.
        """
        plan = self.plan(
            prompt, image=image, frames=frames, size=size, steps=steps, guidance=guidance,
            quality=quality, method=method, preview=preview,
        )  # fmt: skip
        latents = torch.cat(list(self.parts(plan, seed, progress=progress, cancel=cancel)), dim=2)
        return self.clip(plan, seed, latents, progress=progress, cancel=cancel)

    def clip(
        self,
        plan: Plan,
        seed: int,
        latents: "Float[Tensor, '1 c t h w']",
        *,
        progress: Progress | None = None,
        cancel: CancelToken | None = None,
    ) -> Clip:
        """The clip of latents that are done."""
        groups = self.pictures(
            iter([latents]), frames=plan.frames, progress=progress, cancel=cancel
        )
        made = np.concatenate(list(groups))
        return self.made(plan, seed, made, latents[0].float().cpu().numpy())

    def made(self, plan: Plan, seed: int, pictures: Pictures, latents: NDArray[np.float32]) -> Clip:
        """A clip of pictures and latents."""
        record = self.record(plan, seed)
        return Clip(Made(pictures, plan.fps, record, latents, self.name, plan.warnings))


@contextmanager
def _alone(threads: int | None) -> Iterator[None]:
    before = torch.get_num_threads()
    if threads is not None and threads != before:
        torch.set_num_threads(threads)
    try:
        with torch.no_grad():
            yield
    finally:
        if torch.get_num_threads() != before:
            torch.set_num_threads(before)


def check_frames(frames: int) -> None:
    """Says which numbers of frames there are.

    Raises:
        BadInput: not 4n + 1, or none, or too many.
    """
    if frames < 1 or (frames - 1) % GROUP:
        less = 1 + GROUP * ((frames - 1) // GROUP)
        near = f"{less} or {less + GROUP}" if less >= 1 else "1 or 5, or 49 for four seconds"
        raise BadInput(f"a clip has 4n + 1 frames, got {frames}: say {near}")
    if frames > MOST_FRAMES:
        raise BadInput(f"a clip has {MOST_FRAMES} frames at most, got {frames}")


def load(model: str | Path = SHIPPED, *, device: str = "auto") -> Model:
    """A trained generator, ready to make clips.

    Args:
        model: `pocket`, which comes with the package, or a folder that training wrote.
        device: `auto`, `cpu`, `cuda`, `cuda:1` or `mps`.

    Raises:
        BackendMissing: there is no such model.
        BadInput: the folder holds something else, or there is no such device.
    """
    folder = folder_of(model)
    where = device_of(device)
    name = SHIPPED if str(model) == SHIPPED else folder.name
    if name == "model" and str(model) != SHIPPED:
        name = folder.resolve().parent.name  # runs/NAME/model
    with torch.random.fork_rng(devices=[]):  # whoever loads a model keeps its random numbers
        teacher, config = _net(folder)
        student = teacher if teacher.facts.levels else None
        if (folder / "student").is_dir():
            student, _ = _net(folder / "student")
            if not student.facts.levels:
                raise BadInput(f"the student in {folder} does not say the levels of its steps")
            if student.net.config.channels != teacher.net.config.channels:
                raise BadInput(f"the student in {folder} has other latents than its teacher")
        tokenizer = _tokenizer(folder, config, where)
    channels = getattr(getattr(tokenizer, "config", tokenizer), "channels", None)
    if channels != teacher.net.config.channels:
        raise BadInput(
            f"the tokenizer in {folder} has latents of {channels} channels, its generator of "
            f"{teacher.net.config.channels}: use a folder that was written whole"
        )
    words = None
    if teacher.net.config.vocabulary:
        told = config.get("words")
        try:
            assert isinstance(told, Mapping)
            words = Words(tuple(map(str, told["vocabulary"])), int(told["length"]))
            assert words.size == teacher.net.config.vocabulary
        except (AssertionError, KeyError, TypeError, ValueError):
            raise BadInput(f"{folder} does not say which words its captions have") from None
    card: Any = {}
    if (folder / "card.json").is_file():
        try:
            card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
        except ValueError:
            card = {}
    card = card if isinstance(card, dict) else {}
    return Model(name, teacher, tokenizer, words, student=student, device=where, card=card)


def folder_of(model: str | Path) -> Path:
    """The folder of a model by its name or path.

    Raises:
        BackendMissing: there is none.
    """
    if str(model) == SHIPPED:
        folder = Path(str(files("evenflow") / "weights" / SHIPPED))
        if not (folder / "config.json").is_file():
            raise BackendMissing(
                "the weights of pocket are not in this installation: train them (evenflow train "
                "pocket-tokenizer, then pocket) and say --model runs/pocket"
            )
        return folder
    folder = Path(model).expanduser()
    if not folder.is_dir():
        raise BackendMissing(
            f"there is no model {str(model)!r}: say {SHIPPED}, or the folder of a trained one"
        )
    inner = folder / "model"
    return inner if inner.is_dir() and not (folder / "config.json").is_file() else folder


def _net(folder: Path) -> tuple[Net, dict[str, Any]]:
    net, config = DiT.from_pretrained(folder)
    digest = hashlib.sha256()
    for name in ("config.json", "model.safetensors"):
        digest.update((folder / name).read_bytes())
    facts = facts_of(config, f"{folder / 'config.json'}")
    return Net(net, facts, digest.hexdigest()[:16]), config


def _tokenizer(folder: Path, config: Mapping[str, Any], device: str) -> Tokenizer:
    told = config.get("tokenizer")
    if (folder / "tokenizer").is_dir() or told is None:
        return load_tokenizer(folder / "tokenizer", device=device)
    if not str(told).startswith("wavelet"):
        raise BadInput(f"{folder} has no folder tokenizer: use one that was written whole")
    return load_tokenizer(str(told), device=device)

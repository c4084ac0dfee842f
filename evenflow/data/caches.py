"""Caches: what training would make again and again, once: latents, embedded text, cut frames.

An entry is one safetensors file whose name is the SHA-256 of all that decides on it: the sample
(content, window, bucket, crop, rate, seed), or the caption, and the model. Equal fingerprints give
equal entries, so nobody has to agree with anybody: writers work side by side, and who comes second
finds the entry there. A file is written beside its place and renamed; a process may be killed at
any moment.

| path | what |
|---|---|
| `cache.json` | kind, model, version: one cache holds what one model makes |
| `abc/de...safetensors` | entries; 4096 folders, so that 40 million leave them below 10000 |
| `manifest.sqlite` | fingerprint, key, bytes and SHA-256 of every entry |

Source: fingerprints and the modes as diffusion-pipe (`--regenerate_cache`, `--trust_cache`) and
musubi-tuner know them; mean and logvar are both kept, so that sampling noise stays (notes of
Wan and HunyuanVideo trainers).
"""

import hashlib
import json
import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from evenflow.core.errors import BackendMissing, BadInput, EvenflowError
from evenflow.core.events import CancelToken, Meter, Progress
from evenflow.data.row import Source
from evenflow.data.sample import Bucket, Sample, Window
from evenflow.world.spec_file import write_whole

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

SCHEMA = "evenflow.cache/1"
KINDS = ("frames", "latents", "text")
MODES = ("use", "only", "regenerate", "trust")
"""`use` makes what is missing and checks what is there; `only` makes nothing; `regenerate` makes
everything again; `trust` takes what is there without looking into it."""


class Encoder(Protocol):
    """What makes latents of video: a tokenizer."""

    @property
    def fingerprint(self) -> str:
        """Names its weights and settings; another one means other latents."""
        ...

    def encode(self, video: "Float[Tensor, 'b c t h w']") -> "tuple[Tensor, Tensor] | Tensor":
        """Mean and logvar `(b, ...)`, or latents alone where there is no noise."""
        ...


class TextEncoder(Protocol):
    """What makes embeddings of captions."""

    @property
    def fingerprint(self) -> str:
        """Names its weights and settings."""
        ...

    def encode(self, captions: Sequence[str]) -> "Sequence[Tensor] | Tensor":
        """One tensor a caption, `(n, d)`; lengths may differ."""
        ...


class Store:
    """Entries in a folder by fingerprint; safe for several processes at once.

    Args:
        folder: where; made if it is not there.
        kind: a row of KINDS.
        model: fingerprint of what makes the entries, or empty.
        mode: a row of MODES.

    Raises:
        BadInput: the folder is a cache of something else; the mode is unknown.
    """

    def __init__(self, folder: str | Path, *, kind: str, model: str = "", mode: str = "use"):
        if mode not in MODES:
            raise BadInput(f"a cache is used in one of the modes {', '.join(MODES)}, got {mode!r}")
        if kind not in KINDS:
            raise BadInput(f"a cache holds one of {', '.join(KINDS)}, got {kind!r}")
        self.folder, self.kind, self.model, self.mode = Path(folder).expanduser(), kind, model, mode
        self._settle()

    def _settle(self) -> None:
        if self.folder.exists() and not self.folder.is_dir():
            raise BadInput(f"{self.folder.name} is a file: a cache is a folder")
        settings = {"schema": SCHEMA, "kind": self.kind, "model": self.model}
        path = self.folder / "cache.json"
        if not path.is_file():
            if not self.folder.parent.is_dir():
                raise BadInput(f"the folder {self.folder.parent} does not exist: make it first")
            if self.mode == "only":
                raise BadInput(f"{self.folder.name} is no cache: run once without `only`")
            if self.folder.is_dir() and any(
                one.name[0] != "." and one.name != "manifest.sqlite"
                for one in self.folder.iterdir()
            ) and not path.is_file():  # fmt: skip
                raise BadInput(f"{self.folder.name} holds something else: choose another folder")
            self.folder.mkdir(exist_ok=True)
            write_whole(path, (json.dumps(settings, indent=1) + "\n").encode())
        try:
            known = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise BadInput(f"cache.json in {self.folder.name} cannot be read: {error}") from None
        if known != settings:
            raise BadInput(
                f"{self.folder.name} is a cache of {known.get('kind')} by "
                f"{str(known.get('model'))[:16] or 'no model'}, not of {self.kind} by "
                f"{self.model[:16] or 'no model'}: choose another folder"
            )

    def path(self, fingerprint: str) -> Path:
        """Where an entry lies."""
        return self.folder / fingerprint[:3] / f"{fingerprint[3:]}.safetensors"

    def fingerprint(self, what: str) -> str:
        """The name of an entry: SHA-256 over kind, model and what it is made from."""
        text = json.dumps([SCHEMA, self.kind, self.model, what])
        return hashlib.sha256(text.encode()).hexdigest()

    def has(self, fingerprint: str) -> bool:
        """True if an entry can be used as it is."""
        if self.mode == "regenerate":
            return False
        path = self.path(fingerprint)
        if not path.is_file():
            return False
        if self.mode == "trust":
            return True
        return _says(path) == fingerprint

    def put(self, fingerprint: str, data: bytes, key: str) -> Path:
        """Writes an entry, a safetensors file: beside its place, renamed, then listed."""
        data = _settled(data)
        path = self.path(fingerprint)
        path.parent.mkdir(exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".", suffix=".part", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(name, 0o644)
            os.replace(name, path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        self._list([(fingerprint, key, len(data), hashlib.sha256(data).hexdigest())])
        return path

    def _list(self, entries: list[tuple[str, str, int, str]]) -> None:
        with self._manifest() as manifest:
            manifest.executemany(
                "INSERT OR REPLACE INTO entries (fingerprint, key, bytes, sha256) "
                "VALUES (?, ?, ?, ?)",
                entries,
            )

    @contextmanager
    def _manifest(self) -> Iterator[sqlite3.Connection]:
        """An own connection each time: none is shared by threads or processes."""
        path = self.folder / "manifest.sqlite"
        with closing(sqlite3.connect(path, timeout=120)) as connection, connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(
                "CREATE TABLE IF NOT EXISTS entries (fingerprint TEXT PRIMARY KEY, "
                "key TEXT NOT NULL, bytes INTEGER NOT NULL, sha256 TEXT NOT NULL)"
            )
            yield connection

    def entries(self) -> list[tuple[str, str, int, str]]:
        """Fingerprint, key, bytes and SHA-256 of every entry, sorted.

        Files that a process wrote and could not list before it was killed are listed now.
        """
        with self._manifest() as manifest:
            listed = {row[0] for row in manifest.execute("SELECT fingerprint FROM entries")}
        found = []
        for path in self.folder.glob("???/*.safetensors"):
            name = path.parent.name + path.stem
            if name not in listed and _says(path) == name:
                data = path.read_bytes()
                found.append((name, "", len(data), hashlib.sha256(data).hexdigest()))
        if found:
            self._list(found)
        with self._manifest() as manifest:
            rows = manifest.execute("SELECT fingerprint, key, bytes, sha256 FROM entries")
            return sorted((str(f), str(k), int(b), str(s)) for f, k, b, s in rows)

    def verify(self) -> list[str]:
        """What is wrong, one line each: entries that are missing or have changed."""
        wrong = []
        for fingerprint, key, _, sha256 in self.entries():
            path = self.path(fingerprint)
            if not path.is_file():
                wrong.append(f"{key or fingerprint[:16]} is listed and not there")
            elif hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
                wrong.append(f"{key or fingerprint[:16]} has changed since it was written")
        return wrong


def _says(path: Path) -> str:
    """The fingerprint in a file's header, if the file is as long as the header says; or empty."""
    try:
        with open(path, "rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if not 2 <= length <= 1 << 24:
                return ""
            header = json.loads(file.read(length))
            end = max(
                (v["data_offsets"][1] for k, v in header.items() if k != "__metadata__"), default=0
            )
            if os.fstat(file.fileno()).st_size != 8 + length + end:
                return ""
            return str(header.get("__metadata__", {}).get("fingerprint", ""))
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _firsts(names: Sequence[str], todo: Sequence[int]) -> list[int]:
    """Numbers of the first of equal names."""
    found: dict[str, int] = {}
    for i in todo:
        found.setdefault(names[i], i)
    return list(found.values())


def _settled(data: bytes) -> bytes:
    """The same safetensors file with its header in a fixed order: equal tensors, equal bytes."""
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    text = json.dumps(header, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + data[8 + length :]


def _missing(store: Store, keys: Sequence[str], total: int) -> BadInput:
    return BadInput(
        f"{len(keys)} of {total} entries are not in the cache {store.folder.name} ({keys[0][:60]} "
        "is the first): run once without `only`"
    )


# Latents ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Latents:
    """What a tokenizer says of one sample.

    Args:
        mean: `(c, t, h, w)` bfloat16, or whatever shape the tokenizer makes of one clip.
        logvar: the same shape, or None where the tokenizer has no noise.
    """

    mean: "Tensor"
    logvar: "Tensor | None" = None

    def sample(self, seed: int) -> "Tensor":
        """`mean + exp(logvar / 2) * noise` in float32, the noise of this seed alone."""
        import torch

        mean = self.mean.float()
        if self.logvar is None:
            return mean
        generator = torch.Generator().manual_seed(seed)
        noise = torch.randn(mean.shape, generator=generator).to(mean.device)
        return mean + torch.exp(0.5 * self.logvar.float()) * noise


class LatentCache:
    """Latents of samples by one tokenizer.

    Args:
        folder, mode: see `Store`.
        encoder: the tokenizer.
        dtype: what is kept: `bfloat16` or `float32`.
    """

    def __init__(
        self, folder: str | Path, encoder: Encoder, *, mode: str = "use", dtype: str = "bfloat16"
    ) -> None:
        _need_safetensors()
        if dtype not in ("bfloat16", "float32"):
            raise BadInput(f"latents are kept as bfloat16 or float32, got {dtype!r}")
        self._encoder, self._dtype = encoder, dtype
        self.store = Store(
            folder, kind="latents", model=f"{encoder.fingerprint} {dtype}", mode=mode
        )

    def latents(
        self,
        samples: Sequence[Sample],
        video: "Callable[[Sequence[int]], Float[Tensor, 'b c t h w']]",
        *,
        together: int = 1,
    ) -> list[Latents]:
        """Latents of samples, in their order; only what is not there is encoded.

        Args:
            samples: what was cut.
            video: pictures of some of them (numbers in `samples`), in [0, 1]; not called where
                everything is there.
            together: how many are encoded at once; more than one may change the last bits.

        Raises:
            BadInput: the mode is `only` and some are missing.
        """
        import torch

        names = [self.store.fingerprint(sample.fingerprint) for sample in samples]
        todo = [i for i, name in enumerate(names) if not self.store.has(name)]
        if todo and self.store.mode == "only":
            raise _missing(self.store, [samples[i].key for i in todo], len(samples))
        unique = _firsts(names, todo)
        for first in range(0, len(unique), together):
            some = unique[first : first + together]
            with torch.no_grad():
                made = self._encoder.encode(video(some))
            mean, logvar = made if isinstance(made, tuple) else (made, None)
            for place, i in enumerate(some):
                one = Latents(mean[place], None if logvar is None else logvar[place])
                self._put(names[i], samples[i], one)
        return [self._get(name) for name in names]

    def _put(self, name: str, sample: Sample, one: Latents) -> None:
        import torch
        from safetensors.torch import save

        dtype = torch.bfloat16 if self._dtype == "bfloat16" else torch.float32
        tensors = {"mean": one.mean}
        if one.logvar is not None:
            tensors["logvar"] = one.logvar
        kept = {k: v.detach().to("cpu", dtype).contiguous() for k, v in tensors.items()}
        about = {"fingerprint": name, "sample": sample.to_json(), "model": self.store.model}
        self.store.put(name, save(kept, metadata=about), sample.key)

    def _get(self, name: str) -> Latents:
        from safetensors.torch import load_file

        tensors = load_file(self.store.path(name))
        return Latents(tensors["mean"], tensors.get("logvar"))


# Text -------------------------------------------------------------------------------------------


class TextCache:
    """Embeddings of captions by one encoder; equal captions are embedded once.

    Args:
        folder, mode: see `Store`.
        encoder: of text.
        dtype: what is kept: `bfloat16` or `float32`.
    """

    def __init__(
        self,
        folder: str | Path,
        encoder: TextEncoder,
        *,
        mode: str = "use",
        dtype: str = "bfloat16",
    ) -> None:
        _need_safetensors()
        if dtype not in ("bfloat16", "float32"):
            raise BadInput(f"embeddings are kept as bfloat16 or float32, got {dtype!r}")
        self._encoder, self._dtype = encoder, dtype
        self.store = Store(folder, kind="text", model=f"{encoder.fingerprint} {dtype}", mode=mode)

    def embeddings(self, captions: Sequence[str], *, together: int = 1) -> "list[Tensor]":
        """One tensor a caption, in their order; only what is not there is encoded.

        Raises:
            BadInput: the mode is `only` and some are missing.
        """
        import torch
        from safetensors.torch import load_file, save

        names = [self.store.fingerprint(caption) for caption in captions]
        todo = [i for i, name in enumerate(names) if not self.store.has(name)]
        if todo and self.store.mode == "only":
            raise _missing(self.store, [captions[i] for i in todo], len(captions))
        unique = _firsts(names, todo)
        dtype = torch.bfloat16 if self._dtype == "bfloat16" else torch.float32
        for first in range(0, len(unique), together):
            some = unique[first : first + together]
            with torch.no_grad():
                made = self._encoder.encode([captions[i] for i in some])
            for place, i in enumerate(some):
                kept = {"embedding": made[place].detach().to("cpu", dtype).contiguous()}
                about = {"fingerprint": names[i], "caption": captions[i], "model": self.store.model}
                self.store.put(names[i], save(kept, metadata=about), captions[i][:80])
        return [load_file(self.store.path(name))["embedding"] for name in names]


def _need_safetensors() -> None:
    try:
        import safetensors.torch  # noqa: F401
    except ImportError as error:
        raise BackendMissing(
            f"caches of tensors need {error.name}: pip install 'evenflow[gen]'"
        ) from None


# Frames -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cached:
    """What became of a cache of frames.

    Args:
        made, known: entries that were written; that were there.
        left_out: rows without an entry: key and why.
        failed: how many of these could not be decoded.
    """

    folder: Path
    made: int
    known: int
    left_out: tuple[tuple[str, str], ...]
    failed: int

    def to_json(self) -> dict[str, Any]:
        """Plain types."""
        left = [{"key": key, "why": why} for key, why in self.left_out]
        return {
            "folder": str(self.folder), "made": self.made, "known": self.known, "left_out": left
        }  # fmt: skip


@dataclass(frozen=True)
class _Frames:
    """What one row makes: `(key, why)` if nothing."""

    made: int = 0
    known: int = 0
    why: str = ""
    failed: bool = False


@dataclass(frozen=True)
class _Setup:
    source: Source
    folder: Path
    bucket: Bucket
    fps: Fraction | None
    sampling: str
    mode: str


def cache_frames(
    source: Source,
    folder: str | Path,
    *,
    bucket: str | Bucket = "33x128x128",
    fps: str | Fraction | None = None,
    sampling: str = "uniform:1",
    where: str | None = None,
    mode: str = "use",
    workers: int = 1,
    progress: Progress | None = None,
    cancel: CancelToken | None = None,
) -> Cached:
    """Decodes, resamples, crops and scales clips once: uint8 `(t, h, w, 3)` under `frames`.

    Args:
        source: a dataset.
        folder: of the cache.
        bucket: the shape of every entry.
        fps: frames a second that are taken; None for each clip's own.
        sampling: which windows, see `windows.SAMPLINGS`; not `random`, which is never the same.
        where: which rows, see `where.parse_where`.
        mode: see MODES.
        workers: processes.

    Raises:
        BadInput: a bad bucket, rate, sampling or expression; `only`, and some are missing.
    """
    from evenflow.data.export import wanted
    from evenflow.data.windows import Sampling
    from evenflow.data.workers import spread
    from evenflow.io import parse_rate

    try:
        shape = bucket if isinstance(bucket, Bucket) else Bucket.parse(bucket)
    except ValueError:
        raise BadInput(
            f"a bucket is FRAMESxWIDTHxHEIGHT, like 33x128x128, got {bucket!r}"
        ) from None
    if min(shape.frames, shape.width, shape.height) < 1:
        raise BadInput(f"a bucket has at least one frame and one pixel, got {bucket}")
    if Sampling.parse(sampling).name == "random":
        raise BadInput("random windows are others in every epoch: cache head, chunk or uniform:N")
    rate = None if fps is None else parse_rate(fps)
    rows, _, closed = wanted(source, where=where)
    if not rows:
        raise BadInput("no row is left: look at the expression and the marks")
    store = Store(folder, kind="frames", mode=mode)
    numbers = {source.row(i).key: i for i in range(len(source))}
    setup = _Setup(source, store.folder, shape, rate, sampling, mode)
    jobs = [numbers[row.key] for row in rows]
    meter = Meter("cache", len(jobs), progress=progress, cancel=cancel)
    made = known = failed = 0
    left = list(closed)
    missing: list[str] = []
    for number, one in spread(_cut, jobs, setup=setup, workers=workers, cancel=cancel):
        if isinstance(one, Exception):
            raise one
        made, known, failed = made + one.made, known + one.known, failed + one.failed
        if one.why:
            left.append((rows[number].key, one.why))
        if one.why == _NOT_THERE:
            missing.append(rows[number].key)
        meter.advance()
    if missing:
        raise _missing(store, missing, len(rows))
    return Cached(store.folder, made, known, tuple(left), failed)


_NOT_THERE = "it is not in the cache"


def _cut(setup: _Setup, index: int) -> _Frames:
    """Entries of one row; what a worker does."""
    from safetensors.numpy import save

    from evenflow.data.buckets import crop_for
    from evenflow.data.curation.content import content_hash, content_of
    from evenflow.data.cutting import cut
    from evenflow.data.stretch import seconds_of
    from evenflow.data.windows import Sampling, steps_in

    store = Store(setup.folder, kind="frames", mode=setup.mode)
    source, bucket = setup.source, setup.bucket
    row = source.row(index)
    made = known = 0
    try:
        clip = source.clip(row)
        fps = setup.fps or Fraction(clip.info.fps)
        total = steps_in(seconds_of(clip), fps)
        starts = Sampling.parse(setup.sampling).starts(total, bucket.frames)
        if not len(starts):
            return _Frames(why=f"it has {total} frames at {float(fps):g} a second, "
                           f"{bucket.frames} are asked for")  # fmt: skip
        hash = row.hash
        if setup.mode != "trust":
            hash = hash or content_of(source, row).hash or content_hash(source, row)
        if hash and (row.t0 is not None or row.t1 is not None):
            hash = f"{hash}@{row.t0}..{row.t1}"
        crop = crop_for(clip.info.width, clip.info.height, bucket)
        for start in starts:
            window = Window(int(start) / fps, bucket.frames)
            sample = Sample(row.key, window, bucket, crop, fps, hash=hash)
            name = store.fingerprint(sample.fingerprint)
            if store.has(name):
                known += 1
                continue
            if setup.mode == "only":
                return _Frames(made, known, _NOT_THERE)
            got = cut(source, index, int(start), bucket, fps, upscale=True, seed=(0,))
            pictures = got.pictures
            if pictures.dtype != np.uint8:
                pictures = (pictures * 255 + 0.5).astype(np.uint8)
            about = {"fingerprint": name, "sample": sample.to_json(), "caption": row.caption}
            data = save({"frames": np.ascontiguousarray(pictures)}, metadata=about)
            store.put(name, data, row.key)
            made += 1
    except (EvenflowError, OSError) as error:
        return _Frames(made, known, " ".join(str(error).split()), True)
    return _Frames(made, known)


def frames(store: Store, sample: Sample) -> Any:
    """The cached pictures `(t, h, w, 3)` uint8 of a sample.

    Raises:
        BadInput: it is not there.
    """
    from safetensors.numpy import load_file

    name = store.fingerprint(sample.fingerprint)
    if not store.has(name):
        raise _missing(store, [sample.key], 1)
    return load_file(store.path(name))["frames"]


__all__ = [
    "KINDS", "MODES", "Cached", "Encoder", "LatentCache", "Latents", "Store",
    "TextCache", "TextEncoder", "cache_frames", "frames",
]  # fmt: skip

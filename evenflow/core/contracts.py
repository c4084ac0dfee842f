"""The five contracts: predictor, wrapping, attention, guide, span. Most of Evenflow composes them.

Shapes: `b` batch, `c` channels, `t` latent frames, `h w` rows and columns of latents, `n` tokens,
`a` attention heads, `d` width of a head. The noise `level` is in [0, 1], 0 is clean, one for every
*latent* frame: `(b, t)`. A single level for all would be the special case; a level for each makes
one-shot, autoregressive, pyramid, pinned-frame, retake and per-frame refinement runs the same call
with different matrices. This page imports no torch.

Source: the level per frame is Chen et al. 2024, Diffusion Forcing, arXiv:2407.01392, section 3.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

from evenflow.core.span import Box as Box
from evenflow.core.span import Span as Span

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Int
    from torch import Tensor

Condition = Mapping[str, Any]
"""What the video should follow, by name: `text`, `image`, `actions`, `camera`, ... A name that is
absent is not asked for, so dropping a condition (for guidance) is leaving its name out. Where only
some clips ask for it, `asked` has by name a `Bool[Tensor, "b"]`. `step` is the sampler's Step."""

State = Any
"""What a predictor carries from call to call (a key-value cache, features to reuse), or None at the
start. Only the predictor that made it looks into it; everybody else passes it on. It is a value: a
call returns a new state and leaves the old one usable, so that a step can be tried again."""


# 1. Predictor: the one signature that samplers, guidance and backends share


@runtime_checkable
class Predictor(Protocol):
    """Says what the clean video is, given a noisy one; velocity and noise are its own matter."""

    def __call__(
        self,
        x: "Float[Tensor, 'b c t h w']",
        level: "Float[Tensor, 'b t']",
        cond: Condition,
        state: State,
    ) -> "tuple[Float[Tensor, 'b c t h w'], State]":
        """The clean estimate and the new state.

        Args:
            x: latents of which frame i holds noise of level `level[:, i]`.
            level: in [0, 1]; 0 is clean and may be copied through, 1 is pure noise.
            cond: what to follow.
            state: what the call before returned, or None.
        """
        ...


# 2. Wrapping: a sampler never knows what is wrapped around the predictor or hooked into a step


@runtime_checkable
class Guidance(Protocol):
    """Turns a predictor into another one: guidance, caches, constraints, look-backs."""

    def __call__(self, predict: Predictor) -> Predictor:
        """A predictor that asks `predict` as often as it needs to, also not at all."""
        ...


@dataclass(frozen=True)
class Step:
    """Where a sampler stands.

    Args:
        index: from 0.
        num_steps: steps in all.
        level: noise level of every latent frame before the step, in [0, 1].
        next_level: after it.
    """

    index: int
    num_steps: int
    level: "Float[Tensor, 'b t']"
    next_level: "Float[Tensor, 'b t']"


@runtime_checkable
class StepHook(Protocol):
    """Changes one tensor of one step; a pure function, so that a run can be resumed anywhere."""

    def __call__(self, x: "Float[Tensor, 'b c t h w']", step: Step) -> "Float[Tensor, 'b c t h w']":
        """What takes the place of `x`; same shape."""
        ...


@dataclass(frozen=True)
class Hooks:
    """Hooks by the place where a sampler calls them, each place in order.

    Args:
        init: on the starting noise, once, with step 0.
        input: on what goes into the predictor.
        clean: on the clean estimate that comes out of it.
        step: on the latents after the step, at `next_level`.
        end: on the result, once, with the last step.
    """

    init: tuple[StepHook, ...] = ()
    input: tuple[StepHook, ...] = ()
    clean: tuple[StepHook, ...] = ()
    step: tuple[StepHook, ...] = ()
    end: tuple[StepHook, ...] = ()


# 3. Attention spec: who sees whom, from which position, edited how, remembered for how long


@dataclass(frozen=True)
class Tokens:
    """What a network attends over, without its content.

    Args:
        place: latent frame (fractions allowed), row, column; text and registers sit at -1, -1, -1.
        role: 0 video, 1 text, 2 register, 3 keyframe or reference.
        event: number of the planned event or shot a token belongs to, -1 for none.
        level: noise level of its frame in [0, 1]; 0 for text and registers.
    """

    place: "Float[Tensor, 'n 3']"
    role: "Int[Tensor, ' n']"
    event: "Int[Tensor, ' n']"
    level: "Float[Tensor, ' n']"


@dataclass(frozen=True)
class KeyValues:
    """Keys and values that stay visible; keys have not been turned by any position yet."""

    keys: "Float[Tensor, 'b a n d']"
    values: "Float[Tensor, 'b a n d']"
    tokens: Tokens


@dataclass(frozen=True)
class Site:
    """Which attention of the network is asked: its layer from 0, what it joins, and the step."""

    layer: int
    joins: Literal["space", "time", "all", "text"]
    step: Step | None = None


@runtime_checkable
class MaskBuilder(Protocol):
    """Frame, window, causal, sparse-causal, block, box, event or flow-sampled attention."""

    def __call__(self, query: Tokens, key: Tokens) -> "Bool[Tensor, 'q k']":
        """True where the query may see the key."""
        ...


@runtime_checkable
class PositionMap(Protocol):
    """Plain, grouped, shifted or event-rescaled positions."""

    def __call__(self, tokens: Tokens) -> "Float[Tensor, 's n 3']":
        """Time, row and column that the rotary embedding turns by, in latent frames and tokens.

        `s` is 1; with more, attention runs once for each set and the results are averaged.
        """
        ...


@runtime_checkable
class Attend(Protocol):
    """One attention call: `softmax(q k^T / sqrt(d)) v` where the mask is True."""

    def __call__(
        self,
        q: "Float[Tensor, 'b a q d']",
        k: "Float[Tensor, 'b a k d']",
        v: "Float[Tensor, 'b a k d']",
        mask: "Bool[Tensor, 'q k'] | None",
    ) -> "Float[Tensor, 'b a q d']":
        """The attended values; None sees everything."""
        ...


@runtime_checkable
class AttentionEdit(Protocol):
    """Stores or edits: injected maps, swapped keys, two bands blended, windows fused."""

    def __call__(self, attend: Attend, site: Site) -> Attend:
        """An attention that asks `attend` as often as it needs to, also not at all."""
        ...


@runtime_checkable
class KeyValuePolicy(Protocol):
    """What of the past stays visible: all, a window, sinks and a window, what is relevant."""

    def __call__(self, kept: KeyValues | None, new: KeyValues, site: Site) -> KeyValues:
        """What the next call sees besides its own; the order of tokens is that of `tokens`."""
        ...


@dataclass(frozen=True)
class AttentionSpec:
    """Every published attention pattern is a value of this; all None is plain full attention.

    Args:
        mask: None sees everything.
        positions: None takes `Tokens.place` as it is.
        edit: None leaves attention alone.
        remember: None keeps nothing between calls.
    """

    mask: MaskBuilder | None = None
    positions: PositionMap | None = None
    edit: AttentionEdit | None = None
    remember: KeyValuePolicy | None = None


# 4. Guide: flow, depth with camera, pose, tracks and flow latents all say where pixels come from


@dataclass(frozen=True)
class Guide:
    """Where every pixel of every frame comes from: `frame(p) = source frame(p + displacement(p))`.

    Args:
        displacement: `(dx, dy)` in pixels of its own grid, right and down positive.
        validity: True where there is a counterpart: not occluded, not outside.
        confidence: in [0, 1]; 0 where `validity` is False.
        source: number of the source frame, -1 where a frame has none.
    """

    displacement: "Float[Tensor, 'b t 2 h w']"
    validity: "Bool[Tensor, 'b t h w']"
    confidence: "Float[Tensor, 'b t h w']"
    source: "Int[Tensor, 'b t']"


# 5. Span: plans, planted faults, findings, repairs and reward answers share it, see `core/span.py`

"""The contracts: small known examples fit each of them and compose."""

import math
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from evenflow.core import contracts  # noqa: E402
from evenflow.core.contracts import (  # noqa: E402
    AttentionSpec,
    Guidance,
    Guide,
    Hooks,
    KeyValues,
    Predictor,
    Site,
    Step,
    Tokens,
)

B, C, T, H, W = 2, 3, 5, 4, 6


def spread(level):
    return level[:, None, :, None, None]  # (b, 1, t, 1, 1)


def gaussian_oracle(x, level, cond: Mapping[str, Any], state):
    """The exact clean estimate if clean video is N(mean, 1) and `x = (1 - s) clean + s noise`."""
    mean, s = cond.get("mean", 0.0), spread(level)
    gain = (1 - s) / ((1 - s) ** 2 + s**2)
    return mean + gain * (x - (1 - s) * mean), (state or 0) + 1


class ClassifierFree:
    """Ho & Salimans 2022: `uncond + scale (cond - uncond)`."""

    def __init__(self, scale: float) -> None:
        self.scale = scale

    def __call__(self, predict: Predictor) -> Predictor:
        def guided(x, level, cond, state):
            asked, state = predict(x, level, cond, state)
            free, _ = predict(x, level, {}, state)
            return free + self.scale * (asked - free), state

        return guided


def euler(predict, x, levels, cond, hooks: Hooks | None = None):
    """A sampler that knows nothing but the contract; `levels` is a matrix (k, b, t)."""
    hooks, state = hooks or Hooks(), None
    for i in range(len(levels) - 1):
        step = Step(i, len(levels) - 1, levels[i], levels[i + 1])
        for hook in hooks.input:
            x = hook(x, step)
        clean, state = predict(x, levels[i], cond, state)
        for hook in hooks.clean:
            clean = hook(clean, step)
        ratio = spread(torch.where(levels[i] > 0, levels[i + 1] / levels[i].clamp_min(1e-9), 0.0))
        still = spread(levels[i] == levels[i + 1])
        x = torch.where(still, x, clean + ratio * (x - clean))
        for hook in hooks.step:
            x = hook(x, step)
    return x


def noise(seed=0):
    return torch.randn(B, C, T, H, W, generator=torch.Generator().manual_seed(seed))


def test_the_oracle_is_right_at_both_ends():
    x = noise()
    clean, _ = gaussian_oracle(x, torch.zeros(B, T), {"mean": 2.0}, None)
    assert torch.allclose(clean, x)
    clean, _ = gaussian_oracle(x, torch.ones(B, T), {"mean": 2.0}, None)
    assert torch.allclose(clean, torch.full_like(x, 2.0))


def test_levels_a_frame_make_full_and_autoregressive_runs_the_same_call():
    falling = torch.linspace(1, 0, 9)
    full = falling[:, None, None].expand(-1, B, T)
    delay = torch.arange(T) * 8
    steps = torch.arange(9 + int(delay[-1]))[:, None]
    one_by_one = falling[(steps - delay).clamp(0, 8)][:, None].expand(-1, B, -1)
    together = euler(gaussian_oracle, noise(), full, {})
    apart = euler(gaussian_oracle, noise(), one_by_one, {})
    assert torch.allclose(together, apart, atol=1e-5)  # frames of the oracle are independent


def test_a_pinned_frame_is_level_zero():
    levels = torch.linspace(1, 0, 9)[:, None, None].repeat(1, B, T)
    levels[:, :, 0] = 0
    x = noise()
    assert torch.equal(euler(gaussian_oracle, x, levels, {})[:, :, 0], x[:, :, 0])


def test_guidance_of_scale_one_is_none_and_zero_drops_the_condition():
    x, level, cond = noise(), torch.full((B, T), 0.5), {"mean": 2.0}
    plain, _ = gaussian_oracle(x, level, cond, None)
    wrap: Guidance = ClassifierFree(1.0)
    assert torch.allclose(wrap(gaussian_oracle)(x, level, cond, None)[0], plain)
    dropped, _ = gaussian_oracle(x, level, {}, None)
    assert torch.allclose(ClassifierFree(0.0)(gaussian_oracle)(x, level, cond, None)[0], dropped)
    twice = ClassifierFree(2.0)(ClassifierFree(3.0)(gaussian_oracle))(x, level, cond, None)[0]
    assert torch.allclose(twice, dropped + 6 * (plain - dropped), atol=1e-5)


def test_hooks_are_called_at_every_step_with_where_it_stands():
    seen = []

    def watch(x, step: Step):
        seen.append((step.index, float(step.level[0, 0]), float(step.next_level[0, 0])))
        return x * 0

    levels = torch.linspace(1, 0, 3)[:, None, None].expand(-1, B, T)
    result = euler(gaussian_oracle, noise(), levels, {}, Hooks(step=(watch,)))
    assert seen == [(0, 1.0, 0.5), (1, 0.5, 0.0)]
    assert not result.any()


def grid(num_frames=3, height=2, width=2):
    place = torch.stack(
        torch.meshgrid(
            *[torch.arange(n, dtype=torch.float32) for n in (num_frames, height, width)],
            indexing="ij",
        ),
        dim=-1,
    ).reshape(-1, 3)
    zeros = torch.zeros(len(place), dtype=torch.long)
    return Tokens(place, zeros, zeros - 1, torch.zeros(len(place)))


def causal(query: Tokens, key: Tokens):
    return query.place[:, None, 0] >= key.place[None, :, 0]


def sparse_causal(query: Tokens, key: Tokens):
    """Tune-A-Video: the first frame and the one before."""
    q, k = query.place[:, None, 0], key.place[None, :, 0]
    return (k == 0) | (k == q - 1)


def attend(q, k, v, mask):
    weights = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])
    if mask is not None:
        weights = weights.masked_fill(~mask, -math.inf)
    return weights.softmax(dim=-1) @ v


def keep_window(kept: KeyValues | None, new: KeyValues, site: Site) -> KeyValues:
    """The newest 8 tokens."""
    if kept is None:
        return new
    tokens = Tokens(
        *(
            torch.cat([getattr(kept.tokens, f.name), getattr(new.tokens, f.name)])[-8:]
            for f in fields(Tokens)
        )
    )
    keys = torch.cat([kept.keys, new.keys], dim=2)[:, :, -8:]
    return KeyValues(keys, torch.cat([kept.values, new.values], dim=2)[:, :, -8:], tokens)


def blend(attend, site: Site):
    """Half of full attention in the first layer: an edit asks the attention it edits twice."""

    def edited(q, k, v, mask):
        return (attend(q, k, v, mask) + attend(q, k, v, None)) / 2

    return edited if site.layer == 0 else attend


def test_an_attention_pattern_is_a_value():
    spec = AttentionSpec(
        mask=causal,
        positions=lambda tokens: tokens.place[None],
        edit=blend,
        remember=keep_window,
    )
    tokens = grid()
    mask = spec.mask(tokens, tokens)
    assert mask.shape == (12, 12)
    assert mask.reshape(3, 4, 3, 4)[:, 0, :, 0].tolist() == torch.ones(3, 3).tril().bool().tolist()
    assert sparse_causal(tokens, tokens)[8].reshape(3, 4)[:, 0].tolist() == [True, True, False]
    assert spec.positions(tokens).shape == (1, 12, 3)

    q, k, v = (torch.randn(1, 2, 12, 8, requires_grad=True) for _ in range(3))
    attend(q, k, v, mask)[:, :, :4].sum().backward()  # frame 0 looks
    assert v.grad is not None
    assert v.grad[:, :, :4].any()
    assert not v.grad[:, :, 4:].any()  # and the future has no part in it

    site = Site(layer=0, joins="all")
    edited = spec.edit(attend, site)(q, k, v, mask)
    assert torch.allclose(edited, (attend(q, k, v, mask) + attend(q, k, v, None)) / 2)
    assert spec.edit(attend, Site(3, "all"))(q, k, v, mask).equal(attend(q, k, v, mask))

    kept = spec.remember(None, KeyValues(k, v, tokens), site)
    kept = spec.remember(kept, KeyValues(k, v, tokens), site)
    assert kept.keys.shape == (1, 2, 8, 8)
    assert kept.tokens.place[:, 0].tolist() == [1.0] * 4 + [2.0] * 4


def test_a_guide_says_where_pixels_come_from():
    """A pan to the right by one pixel a frame: each pixel comes from one to the left."""
    frames = torch.arange(W, dtype=torch.float32).expand(1, 2, H, W).clone()
    frames[:, 1] -= 1
    displacement = torch.zeros(1, 2, 2, H, W)
    displacement[:, 1, 0] = -1
    validity = torch.ones(1, 2, H, W, dtype=torch.bool)
    validity[:, 0] = validity[:, 1, :, 0] = False
    guide = Guide(displacement, validity, validity.float(), torch.tensor([[-1, 0]]))
    x = torch.arange(W) + guide.displacement[0, 1, 0, 0]
    source = frames[0, guide.source[0, 1]]
    fetched = source[:, x.clamp_min(0).long()]
    valid = guide.validity[0, 1]
    assert torch.equal(fetched[valid], frames[0, 1][valid])


def test_the_page_is_one_page():
    source = contracts.__loader__.get_source(contracts.__name__)
    assert len(source.splitlines()) <= 250

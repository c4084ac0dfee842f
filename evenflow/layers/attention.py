"""Attention by specification: one layer that every published pattern is a value of.

Queries and keys are normalized (RMS) before they are turned by their positions; keys that are kept
for later calls have not been turned yet, so that positions may be told anew at every call.

Source: Vaswani et al. 2017, arXiv:1706.03762, equation 1; normalized queries and keys: Dehghani et
al. 2023, arXiv:2302.05442, section 2.
"""

from dataclasses import replace

import torch
from einops import rearrange
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional as F

from evenflow.core.contracts import Attend, AttentionSpec, KeyValues, Site, Tokens
from evenflow.layers import rotary

PLAIN = AttentionSpec()
MOST_SCORES = 1 << 25
"""Of all heads and clips, that are held at once."""


def attend(
    q: Float[Tensor, "b a q d"],
    k: Float[Tensor, "b a k d"],
    v: Float[Tensor, "b a k d"],
    mask: Bool[Tensor, "*some #q k"] | None,
) -> Float[Tensor, "b a q d"]:
    """`softmax(q k^T / sqrt(d)) v` where the mask is True.

    By the library's fused kernel; in half precision on a CPU by plain products, which are two to
    three times faster there as long as the scores are few.
    """
    scores = q.shape[0] * q.shape[1] * q.shape[2] * k.shape[2]
    if q.dtype == torch.bfloat16 and q.device.type == "cpu" and scores <= MOST_SCORES:
        return _by_products(q, k, v, mask)
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)


def _by_products(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Tensor:
    """The same, with keys filled up to a multiple of 32, between which products are slow."""
    num, short = k.shape[2], -k.shape[2] % 32
    q = (q * q.shape[-1] ** -0.5).contiguous()
    k = F.pad(k, (0, 0, 0, short)).contiguous().transpose(-1, -2)
    v = F.pad(v, (0, 0, 0, short)).contiguous()
    shut = None
    if mask is not None:
        shut = torch.zeros(mask.shape, dtype=q.dtype).masked_fill_(~mask, -torch.inf)
        shut = F.pad(shut, (0, short), value=-torch.inf)
    scores = q @ k
    if shut is not None:
        scores = scores + shut
    elif short:
        scores[..., num:] = -torch.inf
    return scores.softmax(dim=-1) @ v


def joined(first: Tokens, second: Tokens) -> Tokens:
    """Two lists of tokens, one after the other."""
    return Tokens(
        torch.cat([first.place, second.place]),
        torch.cat([first.role, second.role]),
        torch.cat([first.event, second.event]),
        torch.cat([first.level, second.level]),
    )


def appended(kept: KeyValues | None, new: KeyValues) -> KeyValues:
    """Keys and values of both, the kept ones first."""
    if kept is None:
        return new
    return KeyValues(
        torch.cat([kept.keys, new.keys], dim=2),
        torch.cat([kept.values, new.values], dim=2),
        joined(kept.tokens, new.tokens),
    )


class Attention(nn.Module):
    """Multi-head self-attention over a list of tokens and what is kept of earlier calls.

    Args:
        width: of tokens.
        heads: that share it.
        axes: numbers of a head that turn by time, row and column; they add up to `width / heads`.

    Raises:
        ValueError: widths that do not fit.
    """

    def __init__(self, width: int, heads: int, axes: tuple[int, int, int]) -> None:
        super().__init__()
        if width % heads or sum(axes) != width // heads:
            raise ValueError(
                f"{heads} heads of width {width} have {width / heads:g} numbers each: "
                f"the rotary axes must add up to that, got {axes}"
            )
        self.heads, self.axes = heads, axes
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.out = nn.Linear(width, width, bias=False)
        self.query_gain = nn.Parameter(torch.ones(width // heads))
        self.key_gain = nn.Parameter(torch.ones(width // heads))

    def forward(
        self,
        x: Float[Tensor, "b n w"],
        tokens: Tokens,
        kept: KeyValues | None = None,
        *,
        spec: AttentionSpec = PLAIN,
        site: Site | None = None,
        turns: rotary.Turns | None = None,
    ) -> tuple[Float[Tensor, "b n w"], KeyValues | None]:
        """What every token hears, and what the next call may see of this one.

        Args:
            tokens: place, role, event and level of the `n` tokens of `x`.
            kept: of earlier calls, or None.
            spec: who sees whom, from where, edited how; `remember` None keeps what was kept.
            site: which attention this is, for edits and policies.
            turns: shared by the layers of a network; by default of the spec's positions.
        """
        site, turns = site or Site(0, "all"), turns or rotary.Turns(self.axes, spec.positions)
        made = rearrange(self.qkv(x), "b n (kinds d) -> b n kinds d", kinds=3 * self.heads)
        both = made[:, :, : 2 * self.heads]
        gain = torch.stack([self.query_gain, self.key_gain]).to(both.dtype)
        gain = gain.repeat_interleave(self.heads, dim=0)
        both = F.rms_norm(both, both.shape[-1:], eps=1e-6) * gain
        q, k = both.transpose(1, 2).split(self.heads, dim=1)
        v = made[:, :, 2 * self.heads :].transpose(1, 2)
        seen = appended(kept, KeyValues(k, v, tokens))
        mask = None if spec.mask is None else spec.mask(tokens, seen.tokens)
        call: Attend = attend if spec.edit is None else spec.edit(attend, site)
        heard = self._heard(call, q, seen, turns, mask)
        new = KeyValues(k, v, tokens)
        after = kept if spec.remember is None else spec.remember(kept, new, site)
        return self.out(rearrange(heard, "b a n d -> b n (a d)")), after

    def _heard(
        self,
        call: Attend,
        q: Tensor,
        seen: KeyValues,
        turns: rotary.Turns,
        mask: Tensor | None,
    ) -> Tensor:
        """The mean over sets of positions; positions are told to all that is seen at once."""
        num = q.shape[2]
        heard = []
        for cos, sin in turns(seen.tokens, q.dtype):
            asks = rotary.turned(q, (cos[-num:], sin[-num:]))
            heard.append(call(asks, rotary.turned(seen.keys, (cos, sin)), seen.values, mask))
        return heard[0] if len(heard) == 1 else torch.stack(heard).mean(dim=0)


def kept_tokens(kept: KeyValues, where: Bool[Tensor, " n"]) -> KeyValues:
    """Some of the tokens that are kept."""
    tokens = kept.tokens
    return replace(
        kept,
        keys=kept.keys[:, :, where],
        values=kept.values[:, :, where],
        tokens=Tokens(
            tokens.place[where], tokens.role[where], tokens.event[where], tokens.level[where]
        ),
    )

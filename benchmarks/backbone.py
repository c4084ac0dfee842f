"""How much of a forward is not the matrix products: the backbone beside its own products alone.

Both are measured in turn in one run, because machines are noisy; the figure is their ratio.

    python -m benchmarks.backbone --size pocket --dtype bfloat16
"""

import argparse
import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn

from evenflow.backbones.dit import SIZES, DiT, with_vocabulary
from evenflow.core.contracts import AttentionSpec
from evenflow.layers import masks


def products(net: DiT, shape: tuple[int, int], prefix: int) -> Callable[[], None]:
    """The products of a forward on random numbers: every linear layer and both of attention.

    Args:
        shape: clips and tokens of the video.
        prefix: tokens before it.
    """
    batch, video = shape
    tokens = video + prefix
    weight = next(net.parameters())
    pairs: list[tuple[Tensor, Tensor]] = []
    for block in net.blocks:
        for part in block.modules():
            if isinstance(part, nn.Linear):
                x = torch.randn(batch * tokens, part.in_features, dtype=weight.dtype)
                pairs.append((x, part.weight.detach().T.contiguous()))
    for part in (net.inlet, net.outlet):
        x = torch.randn(batch * video, part.in_features, dtype=weight.dtype)
        pairs.append((x, part.weight.detach().T.contiguous()))
    heads, width = net.config.heads, net.config.width // net.config.heads
    q = torch.randn(batch * heads, tokens, width, dtype=weight.dtype)
    k = q.transpose(1, 2).contiguous()
    p = torch.randn(batch * heads, tokens, tokens, dtype=weight.dtype)

    def run() -> None:
        for x, w in pairs:
            torch.mm(x, w)
        for _ in net.blocks:
            torch.bmm(q, k)
            torch.bmm(p, q)

    return run


def best(run: Callable[[], object], seconds: float) -> float:
    """Median of the faster half of the times of a call, milliseconds."""
    times = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 5:
        start = time.perf_counter()
        run()
        times.append(1e3 * (time.perf_counter() - start))
    return statistics.median(sorted(times)[: max(1, len(times) // 2)])


def main() -> None:
    """Prints forward, products and their ratio, without a mask and with a block-causal one."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", default="pocket", choices=SIZES)
    parser.add_argument("--dtype", default="bfloat16")
    parser.add_argument("--frames", type=int, default=9, help="latent frames")
    parser.add_argument("--side", type=int, default=16, help="latent rows and columns")
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--compile", action="store_true", help="blocks by torch.compile")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    dtype = getattr(torch, args.dtype)
    net = DiT(with_vocabulary(SIZES[args.size], 350)).to(dtype).eval()
    if args.compile:
        for block in net.blocks:
            block.compile()
    x = torch.randn(args.batch, net.config.channels, args.frames, args.side, args.side, dtype=dtype)
    level = torch.rand(args.batch, args.frames)
    text = torch.randint(2, 350, (args.batch, 24))
    cond = {"text": text, "actions": torch.zeros(args.batch, args.frames, net.config.actions)}
    tokens = args.frames * (args.side // 2) ** 2
    prefix = 24 + net.config.registers
    alone = products(net, (args.batch, tokens), prefix)
    specs = {"no mask": AttentionSpec(), "blocks of 3": AttentionSpec(masks.block_causal(3))}
    print(f"{args.size}, {net.num_weights / 1e6:.1f} M weights, {tokens} + {prefix} tokens")
    with torch.inference_mode():
        for name, spec in specs.items():
            net(x, level, cond, spec=spec)  # warm
            ratios = []
            for _ in range(args.rounds):
                first = best(alone, args.seconds / 2)
                whole = best(lambda spec=spec: net(x, level, cond, spec=spec), args.seconds)
                again = best(alone, args.seconds / 2)
                ratios.append(2 * whole / (first + again))
            print(
                f"{name}: forward {whole:.1f} ms, products {(first + again) / 2:.1f} ms, "
                f"ratio {statistics.median(ratios):.2f}"
            )


if __name__ == "__main__":
    main()

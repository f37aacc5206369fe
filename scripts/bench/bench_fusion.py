"""P17 to P21: fusions over plain ones with the same weights; and what every fusion costs, size by size.

    python scripts/bench/bench_fusion.py [--only P17,sweep] [--quick] [--json FILE]

One measurement is a forward and a backward pass, to all weights and inputs, whose results agree with the other side's.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

os.environ["CUDA_VISIBLE_DEVICES"] = ""
warnings.filterwarnings("ignore")

import fusion_cost  # noqa: E402
import plain_fusion as plain  # noqa: E402
import torch  # noqa: E402
from harness import Cost, Pair, cells, line, timed  # noqa: E402
from report import Benches, Report, arguments, ratios  # noqa: E402
from torch import Tensor, nn  # noqa: E402

from mmexp.contract import Tokens  # noqa: E402
from mmexp.fusion.attention import AttentionFusion  # noqa: E402
from mmexp.fusion.base import Fusion  # noqa: E402
from mmexp.fusion.bilinear import BilinearFusion  # noqa: E402
from mmexp.fusion.bottleneck import BottleneckFusion  # noqa: E402
from mmexp.fusion.co_attention import CoAttentionFusion  # noqa: E402
from mmexp.fusion.concat import ConcatFusion  # noqa: E402
from mmexp.fusion.film import FilmFusion  # noqa: E402
from mmexp.fusion.gated import GatedFusion  # noqa: E402
from mmexp.fusion.low_rank import LowRankFusion  # noqa: E402
from mmexp.fusion.tensor import TensorFusion  # noqa: E402
from mmexp.pool.mean import MeanPool  # noqa: E402

Inputs = Mapping[str, Tokens]
Step = Callable[[], tuple[Tensor, ...]]
DIM, ROWS, PLACES = 128, 32, 16
SAMPLE = 0.1  # seconds that one sample takes, about


def inputs(count: int, dim: int = DIM, ragged: bool = True) -> dict[str, Tokens]:
    """Tokens of some modalities; each row of each has a real one at least."""
    torch.manual_seed(0)
    lengths = torch.randint(1 if ragged else PLACES, PLACES + 1, (count, ROWS, 1))
    names = ("text", "image", "audio")[:count]
    masks = torch.arange(PLACES) < lengths
    return {
        name: Tokens(torch.randn(ROWS, PLACES, dim, requires_grad=True), m)
        for name, m in zip(names, masks, strict=True)
    }


def step(module: nn.Module, call: Callable[[Inputs], Any], tokens: Inputs) -> Step:
    """One forward and backward pass; returns the output and the gradients of the inputs."""
    leaves = [one.features for one in tokens.values()]
    weights = list(module.parameters())

    def once() -> tuple[Tensor, ...]:
        out = call(tokens)
        out = out.features if isinstance(out, Tokens) else out
        out = out.view(ROWS, -1, out.shape[-1])
        grads = torch.autograd.grad(out, [*leaves, *weights], torch.ones_like(out), allow_unused=True)
        return out.detach(), *grads[: len(leaves)]  # type: ignore[return-value]

    return once


def anchored(fusion: Fusion) -> Callable[[Inputs], Tokens]:
    """The anchored form of a fusion, the first modality being the anchor."""

    def call(tokens: Inputs) -> Tokens:
        (_, anchor), *others = tokens.items()
        return fusion.onto(anchor, dict(others))

    return call


def pair(id: str, what: str, reference: str, bound: float, ours: Step, theirs: Step) -> Pair:
    """Check that both sides agree, and make the pair."""
    for mine, other in zip(ours(), theirs(), strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-3, atol=1e-4 * float(other.abs().max()))
    rounds = max(1, round(SAMPLE / max(timed(theirs).wall, 1e-6)))
    return Pair(id, what, reference, bound, repeated(ours, rounds), repeated(theirs, rounds))


def repeated(once: Step, rounds: int) -> Callable[[], Cost]:
    """Cost of one call among several."""

    def several() -> None:
        for _ in range(rounds):
            once()

    def cost() -> Cost:
        whole = timed(several)
        return Cost(whole.wall / rounds, whole.cpu / rounds)

    return cost


def vector(kind: Callable[..., Fusion], count: int, dim: int = DIM) -> Any:
    """A fusion of vectors."""
    torch.manual_seed(1)
    return kind(dim=dim, modalities=("text", "image", "audio")[:count], pool=MeanPool())


def token(kind: Callable[..., Fusion], depth: int) -> Any:
    """A fusion of the tokens of two modalities, without dropout, whose random numbers no two sides share."""
    torch.manual_seed(1)
    return kind(dim=DIM, modalities=("text", "image"), depth=depth, dropout=0.0)


def low_rank(quick: bool) -> Iterator[Pair]:
    """P17."""
    fusion, tokens = vector(LowRankFusion, 3), inputs(3)
    naive = plain.LowRank(fusion)
    yield pair(
        "P17", "low_rank", "a product per modality", 0.85, step(fusion, fusion, tokens), step(naive, naive, tokens)
    )


def tensor(quick: bool) -> Iterator[Pair]:
    """P18: the outer product of what was projected, of the same at each position, and of whole vectors."""
    fusion, tokens = vector(TensorFusion, 3), inputs(3)
    naive = plain.Tensors(fusion)
    yield pair("P18", "tensor", "outer product", 0.90, step(fusion, fusion, tokens), step(naive, naive, tokens))
    naive = plain.Tensors(fusion, anchored=True)
    tokens = inputs(3, ragged=False)  # ours takes no notice of an anchor that is padding
    ours = step(fusion, anchored(fusion), tokens)
    yield pair("P18", "tensor, anchored", "outer product", 0.50, ours, step(naive, naive, tokens))
    dim = DIM // 4 if quick else DIM // 2  # of D = 128 the other side would hold 275 million weights
    fusion, tokens = vector(TensorFusion, 3, dim), inputs(3, dim)
    whole = plain.WholeTensors(fusion)
    yield pair("P18", f"tensor, D={dim}", "unprojected", 0.50, step(fusion, fusion, tokens), step(whole, whole, tokens))


def bilinear(quick: bool) -> Iterator[Pair]:
    """P19."""
    fusion, tokens = vector(BilinearFusion, 2), inputs(2)
    naive = plain.Bilinear(fusion)
    yield pair("P19", "bilinear", "outer product", 0.90, step(fusion, fusion, tokens), step(naive, naive, tokens))


def cross_modal(quick: bool) -> Iterator[Pair]:
    """P20."""
    fusion, tokens = token(CoAttentionFusion, 2), inputs(2)
    naive = plain.CrossModalTransformer(fusion)
    ours, theirs = step(fusion, fusion, tokens), step(naive, naive, tokens)
    yield pair("P20", "co_attention", "MulT, MultiheadAttention", 0.85, ours, theirs)


def fewest(quick: bool) -> Iterator[Pair]:
    """P21: over modules written with the fewest operations; attention over the faster of two ways to write it."""
    tokens = inputs(2)
    vectors = {ConcatFusion: plain.Concat, GatedFusion: plain.Gated, FilmFusion: plain.Film}
    for kind, written in vectors.items():
        fusion = vector(kind, 2)
        bare = written(fusion)  # type: ignore[operator]
        yield pair("P21", name(fusion), "fewest ops", 1.10, step(fusion, fusion, tokens), step(bare, bare, tokens))
    for kind, written in {AttentionFusion: plain.Attentive, BottleneckFusion: plain.Bottleneck}.items():
        fusion = token(kind, 2)
        ways = {mix.__name__: written(fusion, mix) for mix in (plain.fused, plain.matmul)}
        steps = {way: step(bare, bare, tokens) for way, bare in ways.items()}
        best = min(steps, key=lambda way: min(timed(steps[way]).cpu for _ in range(5)))
        yield pair("P21", name(fusion), f"fewest ops, {best}", 1.10, step(fusion, fusion, tokens), steps[best])


def name(fusion: Fusion) -> str:
    """What its class is called, without ``Fusion``."""
    return type(fusion).__name__.removesuffix("Fusion").lower()


BENCHES: Benches = {
    "P17": low_rank,
    "P18": tensor,
    "P19": bilinear,
    "P20": cross_modal,
    "P21": fewest,
}


def main() -> int:
    """Run the benchmarks asked for; print and store each row when it is measured, and plot the sweep."""
    description = "Measure fusions side by side with plain ones, and what each costs."
    given = arguments(description, [*BENCHES, "sweep"], "outputs/bench_fusion.json")
    with Report(given.json, ["rows", "sweep"]) as report:
        for row in ratios(BENCHES, [id for id in given.only if id in BENCHES], given.quick):
            report.add("rows", row, line(cells(row)))
        if "sweep" in given.only:
            print(fusion_cost.line(fusion_cost.HEADS))
            for row in fusion_cost.sweep(given.quick):
                report.add("sweep", row, fusion_cost.line(fusion_cost.cells(row)))
    if costs := report.sections["sweep"]:
        fusion_cost.plot(costs, given.json.with_suffix(".png"))
    return report.exit_code()


if __name__ == "__main__":
    sys.exit(main())

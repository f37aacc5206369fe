"""What every fusion of conf/fusion costs in its joint form: time, weights, and memory kept for the backward pass."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from statistics import median
from typing import Any

import torch
from harness import timed
from torch import Tensor

from mmexp.config.compose import compose
from mmexp.config.facts import Facts
from mmexp.config.instantiate import instantiate
from mmexp.config.search_path import conf_path
from mmexp.contract import Tokens
from mmexp.fusion.base import Fusion

MODALITIES = ("text", "image", "audio")
SIZES = {"modalities": (2, 3), "tokens": (8, 64), "dim": (64, 128), "rows": (8, 32)}
SMALL = {"modalities": (2,), "tokens": (8,), "dim": (32,), "rows": (4,)}
MEGABYTE = 2**20


def sweep(quick: bool) -> Iterator[dict[str, Any]]:
    """Every fusion at every size; one row each."""
    sizes = SMALL if quick else SIZES
    for name in sorted(path.stem for path in (conf_path() / "fusion").glob("*.yaml") if path.stem != "none"):
        print(f"sweep {name} ...", file=sys.stderr, flush=True)
        for values in product(*sizes.values()):
            yield cost(name, **dict(zip(sizes, values, strict=True)), repeats=2 if quick else 5)


def cost(name: str, *, modalities: int, tokens: int, dim: int, rows: int, repeats: int) -> dict[str, Any]:
    """Cost of a training step of one fusion, without the optimizer's, at one size."""
    torch.manual_seed(0)
    fusion = build(name, MODALITIES[:modalities], dim)
    given = {
        slot: Tokens(torch.randn(rows, tokens, dim, requires_grad=True), torch.ones(rows, tokens, dtype=torch.bool))
        for slot in fusion.modalities
    }

    def once() -> None:
        forward(fusion, given).backward()

    once()
    return {
        "fusion": name,
        "modalities": modalities,
        "tokens": tokens,
        "dim": dim,
        "rows": rows,
        "ms": 1000 * median(timed(once).cpu for _ in range(repeats)),
        "kept_mb": kept(fusion, given) / MEGABYTE,
        "weights": sum(p.numel() for p in fusion.parameters()),
    }


def build(name: str, modalities: Sequence[str], dim: int) -> Fusion:
    """A fusion as its YAML describes it, ready to train."""
    node = compose([f"fusion={name}", f"dim={dim}"]).plain()
    fusion: Fusion = instantiate("fusion", Facts({"modalities": list(modalities)}).bind(node, "fusion"))
    return fusion.train()


def forward(fusion: Fusion, given: dict[str, Tokens]) -> Tensor:
    """A loss of the joint form, with what the fusion adds to it."""
    loss = fusion(given).features.float().mean()
    for penalty in fusion.penalties().values():
        loss = loss + penalty
    return loss


def kept(fusion: Fusion, given: dict[str, Tokens]) -> int:
    """Bytes that the forward pass keeps for the backward pass, without weights and inputs.

    Each storage counts once. That is what the memory of training grows by with batch and length; what an operation
    needs only while it runs is not in it, nor are gradients.
    """
    outside = [*fusion.parameters(), *fusion.buffers(), *(own.features for own in given.values())]
    known = {tensor.untyped_storage().data_ptr() for tensor in outside}
    sizes: dict[int, int] = {}

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in known:
            sizes[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        loss = forward(fusion, given)
    total = sum(sizes.values())
    del loss
    return total


HEADS = ("fusion", "M", "N", "D", "B", "ms", "MB kept", "weights")
WIDTHS = (16, 1, 2, 3, 2, 8, 8, 1)


def line(cells: Sequence[str]) -> str:
    """One line of the table."""
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, WIDTHS, strict=True)).rstrip()


def cells(row: dict[str, Any]) -> tuple[str, ...]:
    """Cells of a row."""
    keys = ("fusion", "modalities", "tokens", "dim", "rows")
    return (*(str(row[key]) for key in keys), f"{row['ms']:.2f}", f"{row['kept_mb']:.2f}", f"{row['weights']:,}")


def largest(costs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of the largest size, the fastest first."""
    sizes = ("modalities", "tokens", "dim", "rows")
    most = [max(row[key] for row in costs) for key in sizes]
    return sorted((row for row in costs if [row[key] for key in sizes] == most), key=lambda row: row["ms"])


def plot(costs: list[dict[str, Any]], path: Path) -> None:
    """Bars of time and memory at the largest size."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot
    from matplotlib.ticker import NullFormatter

    rows = largest(costs)[::-1]
    size = ", ".join(f"{letter} = {rows[0][key]}" for letter, key in zip("MNDB", SIZES, strict=True))
    figure, axes = pyplot.subplots(1, 2, figsize=(9, 0.8 + 0.24 * len(rows)), sharey=True, layout="constrained")
    for axis, key, label in zip(axes, ("ms", "kept_mb"), ("ms per training step", "MB kept for backward"), strict=True):
        bars = axis.barh([row["fusion"] for row in rows], [row[key] for row in rows], color="tab:blue")
        axis.bar_label(bars, fmt="%.3g", padding=2, fontsize=7)
        axis.set_xscale("log")
        axis.xaxis.set_minor_formatter(NullFormatter())
        axis.set_xlabel(label)
        axis.spines[["top", "right"]].set_visible(False)
        axis.margins(x=0.15)
    figure.suptitle(f"Joint form: {size}", fontsize=10)
    figure.savefig(path, dpi=150)
    pyplot.close(figure)

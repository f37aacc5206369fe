"""Rungs of successive halving: how many ways are on each, for how long they are trained, and how often that fits."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

FIRST, FINAL = -1, 1000
"""Stages before the first rung, and after the last."""
SEEDS = 3
"""New seeds without which there is no interval over them."""
_SHORTEST = 1 / 8  # of the epochs


@dataclass(frozen=True)
class Trial:
    """A job that is planned.

    Args:
        stage: Number of its rung; FIRST for the one that shows what a run costs, FINAL for new seeds.
        way: Name of its way.
        setting: Which of the settings of that way it tries.
        words: Its overrides.
        share: Of the epochs that it trains for.
        control: What is done to its inputs; empty if nothing.
    """

    stage: int
    way: str
    setting: int
    words: tuple[str, ...]
    share: float = 1.0
    control: str = ""


def sizes_of_rungs(fusions: int, finalists: int) -> list[int]:
    """Return how many fusions are on each rung: all of them, then half, until only finalists are left."""
    sizes = [fusions]
    while (left := survivors(sizes[-1], finalists)) > finalists:
        sizes.append(left)
    return sizes


def survivors(fusions: int, finalists: int) -> int:
    """Return how many fusions of a rung are left after it: the better half, but no fewer than there are finalists."""
    return min(fusions, max(finalists, math.ceil(fusions / 2)))


def share_of_epochs(stage: int, rungs: int) -> float:
    """Return for which share of the epochs a rung trains: all of them on the last one, half on the one before."""
    return float(max(_SHORTEST, 0.5 ** (rungs - 1 - stage)))


def named(trials: Sequence[Trial], alone: Collection[str], rungs: int) -> str:
    """Say in one line what a round is.

    Args:
        trials: Of the round, at least one.
        alone: Names of the inputs alone.
        rungs: How many there are.
    """
    first, ways = trials[0], dict.fromkeys(one.way for one in trials)
    fusions = [way for way in ways if way not in alone]
    others = f"{len(ways) - len(fusions)} input(s) alone"
    if first.stage == FIRST:
        return f"{first.way} for once, to see what a run costs"
    if first.stage == FINAL:
        seeds = max(sum(one.way == way and not one.control for one in trials) for way in ways)
        return f"{seeds} new seed(s) of {', '.join(fusions)} and {others}, to be compared on test"
    most = max(sum(one.way == way for one in trials) for way in ways)
    share = f"{most} trial(s) of each for {first.share:.0%} of the epochs"
    return f"rung {first.stage + 1} of {rungs}: {len(fusions)} fusion(s) and {others}, {share}"


def best(scores: Mapping[str, float], number: int) -> list[str]:
    """Return the names with the highest scores, the best first."""
    return sorted(scores, key=lambda name: -scores[name])[:number]


def trials_within(seconds: float, costs: Sequence[float], most: int) -> int:
    """Return how many trials of each way fit into some seconds.

    Args:
        seconds: Of one worker.
        costs: Of a trial of each way.
        most: Trials.
    """
    return min(most, int(seconds // sum(costs))) if sum(costs) else most


def seeds_within(seconds: float, fusions: Sequence[float], others: float, most: int) -> tuple[int, int]:
    """Return how many finalists can be trained with new seeds within some seconds, and with how many.

    There are as few as leave three seeds, but one of them, and one seed, are trained whatever it costs.

    Args:
        seconds: Of one worker.
        fusions: Cost of a run of each finalist, the best first.
        others: Cost of a run of each input alone, together.
        most: Seeds.
    """
    number = len(fusions)
    while number > 1 and seconds < min(SEEDS, most) * (sum(fusions[:number]) + others):
        number -= 1
    each = sum(fusions[:number]) + others
    return number, max(1, min(most, int(seconds // each))) if each else most

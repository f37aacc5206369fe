from __future__ import annotations

from typing import Any

from mmexp.analysis.card_page import page

CARD: dict[str, Any] = {
    "format": 1,
    "run": "x_y/20260101-000000-abcd",
    "manifest": {
        "command": ["mmexp", "train", "name=a b"],
        "seed": 3,
        "fingerprint": "ab",
        "packages": {"torch": "2.10", "other": "1"},
        "git": {"sha": "c" * 40, "dirty": True, "untracked": ["new_part.py"], "diff": "+```\n```"},
    },
    "config": {"dataset": {"_target_": "mmexp.dataset.manifest.Manifest", "root": "data"}},
    "facts": {"sizes": {"train": 4, "test": 2}},
    "summary": {
        "key": "k" * 16,
        "metrics": {"test/accuracy": 0.5, "test/f1": None},
        "seconds": {"train": 1.5, "evaluate": None},
        "parameters": {"total": 10, "trained": 9},
        "best": "best.ckpt",
        "skipped": 2,
        "origins": {"encoder.image": {"model": "resnet18", "revision": "r1", "sha256": "d"}},
        "privacy": {"epsilon": 3.0, "delta": 1e-5},
    },
    "intervals": {"test/accuracy": {"low": 0.4, "high": 0.6, "n": 100, "over": "samples", "method": "BCa"}},
    "hashes": {"tensors": "e" * 64},
}


def test_a_page_says_all_that_it_takes_to_repeat_a_run() -> None:
    text = page(CARD)
    for part in (
        "mmexp train 'name=a b'",
        f"config hash {'k' * 16}, seed 3",
        "cost: train 1.5 s",
        "private training: epsilon 3 at delta 1e-05",
        "| test/accuracy | 0.5 | 0.4 to 0.6 | 100 samples |",
        "| test/f1 | - |  |  |",
        "Intervals: BCa; without the spread over seeds.",
        "samples: train 4, test 2",
        "2 samples could not be read",
        "root: data",
        f"commit {'c' * 40}, with the changes below",
        r"untracked: new\_part.py",
        "torch 2.10",
        "10 weights, 9 of them trained",
        f"tensors: sha256 {'e' * 64}",
        "encoder.image began as resnet18 at r1, sha256 d",
    ):
        assert part in text, part
    assert text.startswith("# x\\_y/20260101")


def test_a_diff_cannot_end_its_own_block() -> None:
    assert "````diff\n+```\n```\n````" in page(CARD)


def test_training_without_noise_is_not_called_private() -> None:
    card = {**CARD, "summary": {**CARD["summary"], "privacy": {"epsilon": None, "delta": 1e-5}}}
    assert "private training: no noise, not private" in page(card)

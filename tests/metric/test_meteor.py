from __future__ import annotations

import math
import random
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch

from mmexp.metric.meteor import Meteor

WORDS = ["a", "the", "dog", "cat", "man", "red", "runs", "sits", "on", "in", "grass", "street"]


def scored(*pairs: tuple[str, list[str]], **options: object) -> float:
    metric = Meteor(**options)
    metric.update([{"caption": caption, "references": references} for caption, references in pairs])
    return float(metric.compute())


def by_hand(matches: int, length: int, reference: int, chunks: int) -> float:
    precision, recall = matches / length, matches / reference
    return precision * recall / (0.85 * precision + 0.15 * recall) * (1 - 0.6 * (chunks / matches) ** 0.2)


@pytest.mark.parametrize(
    ("caption", "reference", "counts"),
    [
        ("a dog runs on grass", "A dog runs on the grass.", (5, 5, 6, 2)),
        ("on the mat sat the cat", "the cat sat on the mat", (6, 6, 6, 3)),
        ("a dog", "a dog runs on the grass", (2, 2, 6, 1)),
        ("the the the the", "the cat on the mat", (2, 4, 5, 2)),
        ("the cat is on the mat", "the mat", (2, 6, 2, 1)),
        ("Ein Hund läuft über die Straße", "der Hund läuft über eine STRASSE", (3, 6, 6, 1)),
        ("une fille à la fenêtre", "une fille a la fenetre", (3, 5, 5, 2)),
        ("一只狗在草地上跑", "一只狗在草地上奔跑", (8, 8, 9, 2)),
        ("犬が草の上を走る", "犬が走る", (4, 8, 4, 2)),
        ("الولد يقرأ الكتاب", "الكتاب يقرأ الولد", (3, 3, 3, 3)),
    ],
)
def test_it_agrees_with_the_formula_for_matches_and_chunks_counted_by_hand(caption, reference, counts):
    assert scored((caption, [reference])) == pytest.approx(by_hand(*counts), abs=1e-6)


def test_a_copy_of_a_reference_scores_one_and_no_word_in_common_none():
    assert scored(("A dog runs!", ["two cats", "a dog runs"]), ("一只猫", ["一只猫"])) == 1
    assert scored(("a dog", ["two cats"])) == 0


def test_an_empty_caption_counts_and_an_empty_split_is_undefined():
    assert scored(("", ["a dog"])) == 0 and scored(("", [""])) == 0
    assert scored(("", ["a b c d"]), ("a b", ["b a"])) == pytest.approx(by_hand(2, 2, 6, 2), abs=1e-6)
    assert math.isnan(scored()) and math.isnan(scored(("a dog", [])))


def test_it_is_that_of_all_counts_together_and_no_mean_over_captions():
    pairs = ("a dog runs", ["a dog"]), ("two cats sleep here", ["cats two"])
    assert scored(*pairs) == pytest.approx(by_hand(4, 7, 4, 3), abs=1e-6)


def test_batches_and_their_order_do_not_matter():
    rows = [{"caption": f"a b {i % 3}", "references": [f"b a {i % 2}", "a"]} for i in range(9)]
    metric = Meteor()
    metric.update(rows[5:])
    metric.update(rows[:5])
    whole = scored(*((row["caption"], row["references"]) for row in rows))
    assert float(metric.compute()) == pytest.approx(whole) and metric.counts.dtype == torch.long
    metric.reset()
    metric.update([])
    assert math.isnan(metric.compute())


def test_tokens_are_those_of_the_other_metrics_of_texts():
    assert scored(("ab", ["abc"])) == 0
    assert scored(("ab", ["abc"]), tokenize="characters") == pytest.approx(by_hand(2, 2, 3, 1), abs=1e-6)
    with pytest.raises(ValueError, match="tokenize must be words, characters or blanks, got 'letters'"):
        Meteor(tokenize="letters")


def test_parameters_can_be_those_of_other_versions():
    language_independent = scored(("a b c", ["c b a d"]), parameters={"alpha": 0.7, "beta": 1.4, "gamma": 0.3})
    assert language_independent == pytest.approx(0.75 / (0.7 + 0.3 * 0.75) * (1 - 0.3), abs=1e-6)
    with pytest.raises(ValueError, match="beta must be above 0, got 0"):
        Meteor(parameters={"beta": 0})
    with pytest.raises(TypeError, match="delta"):
        Meteor(parameters={"delta": 0.5})


@pytest.mark.skipif(shutil.which("java") is None, reason="Meteor 1.5 needs Java")
def test_it_agrees_with_meteor_1_5_by_its_exact_stage():
    draw = random.Random(0)

    def sentence() -> str:
        return " ".join(draw.choices(WORDS, [4, 3] + [1] * 10, k=draw.randint(1, 12)))

    pairs = [(sentence(), [sentence() for _ in range(draw.randint(1, 4))]) for _ in range(60)]
    pairs += [
        ("", ["a dog"]),
        ("a dog runs", ["a dog runs"]),
        ("一 只 猫", ["一 只 狗", "猫"]),
        ("élève", ["élève lit"]),
    ]
    lines = [" ||| ".join(["SCORE", *references, caption]) for caption, references in pairs]
    stats = java("\n".join(lines)).splitlines()
    final = float(java(" ||| ".join(["EVAL", *stats])).splitlines()[-1])
    assert scored(*pairs, tokenize="blanks") == pytest.approx(final, abs=1e-6)


def java(text: str) -> str:
    """Answer of Meteor 1.5 to requests, a line each; with delta 0.5 function words count as all others."""
    found = find_spec("pycocoevalcap")
    folder = next(iter(found.submodule_search_locations or ())) if found else ""
    jar = Path(folder, "meteor", "meteor-1.5.jar")
    options = ["-stdio", "-l", "en", "-m", "exact", "-p", "0.85 0.2 0.6 0.5"]
    command = ["java", "-jar", str(jar), "-", "-", *options]
    return subprocess.run(command, input=text + "\n", capture_output=True, text=True, check=True).stdout

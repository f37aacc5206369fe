from __future__ import annotations

import random

import pytest
import torch
from pycocoevalcap.bleu.bleu_scorer import BleuScorer

from mmexp.metric.caption import Bleu, RougeL, WordForWord

WORDS = ["a", "dog", "runs", "on", "grass"]


def corpus(samples: int = 40, seed: int = 0) -> tuple[list[str], list[list[str]]]:
    """Random sentences of 5 words, so that n-grams repeat, with 1 to 5 references."""
    draw = random.Random(seed)

    def sentence() -> str:
        return " ".join(draw.choices(WORDS, [4, 2, 2, 1, 1], k=draw.randint(3, 12)))

    captions = [sentence() for _ in range(samples)]
    return captions, [[sentence() for _ in range(draw.randint(1, 5))] for _ in captions]


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_bleu_agrees_with_the_coco_evaluation(order):
    captions, references = corpus()
    scorer = BleuScorer(n=4)
    for caption, alternatives in zip(captions, references, strict=True):
        scorer += (caption, alternatives)
    bleu = Bleu(order=order)
    bleu.update(captions[:7], references[:7])
    bleu.update(captions[7:], references[7:])
    assert bleu.compute() == pytest.approx(scorer.compute_score()[0][order - 1], abs=1e-6)


LANGUAGES = {
    "accents": ("une fillette à la fenêtre bleue", "une fillette à la fenêtre"),
    "russian": ("собака бежит по зелёной траве", "собака бежит по зелёной трава"),
    "hindi": ("लड़की घर में पानी पीती है", "लड़की घर में पानी पीता है"),
    "arabic": ("كَتَبَ الوَلَدُ الدَّرْسَ في البَيْتِ", "كُتِبَ الوَلَدُ الدَّرْسَ في البَيْتِ"),
    "thai": ("หมาวิ่งบนหญ้า", "หมาเดินบนหญ้า"),
    "chinese": ("一只狗在草地上奔跑", "一只狗在草地上跑"),
    "emoji": ("🐶 🌳 👍🏽 🇩🇪 🏠", "🐶 🌳 👍🏽 🇩🇪 🏡"),
}
WITHOUT_BLANKS = ("thai", "chinese")


@pytest.mark.parametrize("language", LANGUAGES)
def test_bleu_and_rouge_agree_with_a_reference_in_other_scripts(language):
    pair = LANGUAGES[language]
    spaced = [" ".join(text) if language in WITHOUT_BLANKS else text for text in pair]
    scorer, rouge = BleuScorer(n=4), RougeL()
    scorer += (spaced[0], [spaced[1]])
    for order, expected in enumerate(scorer.compute_score()[0], 1):
        bleu = Bleu(order=order)
        bleu.update([pair[0]], [[pair[1]]])
        assert bleu.compute() == pytest.approx(expected, abs=1e-5)
    rouge.update([pair[0]], [[pair[1]]])
    rows = [text.split() for text in spaced]
    assert rouge.compute() == pytest.approx(2 * longest_common(*rows) / sum(map(len, rows)))
    for metric in (Bleu(order=4), RougeL()):
        metric.update([pair[0]], [[pair[0]]])
        assert metric.compute() == 1


def test_bleu_of_captions_without_a_word_in_common_is_zero_like_that_of_the_coco_evaluation():
    scorer, bleu = BleuScorer(n=4), Bleu(order=4)
    for pair in (("собака бежит по траве", ["кошка спит на столе"]), ("a dog", ["two cats"])):
        scorer += pair
        bleu.update([pair[0]], [pair[1]])
    assert bleu.compute() == 0
    assert scorer.compute_score()[0][3] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("make", [lambda: Bleu(order=1, tokenize="x"), lambda: RougeL(tokenize="x")])
def test_an_unknown_way_to_split_is_refused(make):
    with pytest.raises(ValueError, match="tokenize must be words, characters or blanks, got 'x'"):
        make()


def longest_common(left, right):
    """By recursion over prefixes, without a table."""
    if not left or not right:
        return 0
    if left[-1] == right[-1]:
        return 1 + longest_common(left[:-1], right[:-1])
    return max(longest_common(left[:-1], right), longest_common(left, right[:-1]))


def test_rouge_is_the_best_f1_of_the_longest_common_subsequence():
    captions = ["a dog runs", "two cats"]
    references = [["the dog runs fast", "a dog sits"], ["cats and two dogs", "cat"]]
    best = []
    for caption, row in zip(captions, references, strict=True):
        pairs = [(longest_common(caption.split(), r.split()), len(r.split())) for r in row]
        best.append(max(2 * shared / (len(caption.split()) + length) for shared, length in pairs))
    rouge = RougeL()
    rouge.update(captions, references)
    assert rouge.compute() == pytest.approx(sum(best) / 2, abs=1e-6)


@pytest.mark.parametrize("metric", [Bleu(order=4), RougeL()])
def test_samples_without_references_do_not_count(metric):
    metric.reset()
    metric.update(["a dog runs on grass", "a cat"], [["a dog runs on the grass", "dogs"], []])
    some = metric.compute().item()
    metric.reset()
    metric.update(["a dog runs on grass"], [["a dog runs on the grass", "dogs"]])
    assert metric.compute() == some > 0


@pytest.mark.parametrize("metric", [Bleu(order=1), RougeL()])
def test_the_score_is_undefined_without_references_and_zero_for_an_empty_caption(metric):
    metric.reset()
    metric.update(["a"], [[]])
    assert metric.compute().isnan()
    metric.update([""], [["a dog"]])
    assert metric.compute() == 0


@pytest.mark.parametrize("metric", [Bleu(order=2), RougeL()])
def test_states_of_two_processes_add_up(metric):
    captions, references = corpus(seed=3)
    halves = []
    for part in (slice(0, 11), slice(11, None)):
        metric.reset()
        metric.update(captions[part], references[part])
        halves.append({name: getattr(metric, name).clone() for name in metric._defaults})
    for name in metric._defaults:
        setattr(metric, name, halves[0][name] + halves[1][name])
    metric._computed = None
    both = metric.compute()
    metric.reset()
    metric.update(captions, references)
    torch.testing.assert_close(both, metric.compute())


def test_an_order_beyond_four_is_refused():
    with pytest.raises(ValueError, match="order must be 1 to 4, got 5"):
        Bleu(order=5)


def test_word_for_word_asks_for_all_words_in_order_but_not_for_their_case():
    metric = WordForWord()
    metric.update(["It is Red.", "is it red", "it is", ""], [["no", "it is red"], ["it is red"], ["it is red"], ["a"]])
    metric.update(["it is red"], [[]])
    assert metric.compute() == 1 / 4

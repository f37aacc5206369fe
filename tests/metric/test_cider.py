from __future__ import annotations

import json
import math
import random
from pathlib import Path

import pytest
from pycocoevalcap.cider.cider_scorer import CiderScorer

from mmexp.error import DataError
from mmexp.metric.cider import CiderD, DocumentFrequencies, document_frequencies

WORDS = ["a", "the", "dog", "cat", "runs", "sits", "on", "under", "grass", "table", "red", "blue"]


def corpus(samples: int, seed: int) -> list[list[str]]:
    draw = random.Random(seed)
    weights = [1 / rank for rank in range(1, len(WORDS) + 1)]
    return [
        [" ".join(draw.choices(WORDS, weights, k=draw.randint(1, 12))) for _ in range(draw.randint(1, 5))]
        for _ in range(samples)
    ]


def write(path: Path, references: list[list[str]]) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in references), encoding="utf-8")
    return str(path)


def coco(captions: list[str], references: list[list[str]], corpus: list[list[str]]) -> float:
    """COCO's scorer with the document frequencies of another corpus."""
    documents = CiderScorer()
    for row in corpus:
        documents += ("", row)
    documents.compute_doc_freq()
    scorer = CiderScorer()
    for caption, row in zip(captions, references, strict=True):
        scorer += (caption, row)
    scorer.document_frequency = documents.document_frequency
    scorer.crefs, size = _Sized(scorer.crefs, len(corpus)), len(captions)
    scores = scorer.compute_cider()
    return float(sum(scores) / size)


class _Sized(list):
    """References that say they are as many as the documents: the scorer takes its N from their number."""

    def __init__(self, rows: list, size: int) -> None:
        super().__init__(rows)
        self.size = size

    def __len__(self) -> int:
        return self.size


def test_cider_agrees_with_the_coco_evaluation_on_its_own_corpus(tmp_path):
    references = corpus(50, seed=0)
    captions = [row[0] for row in corpus(50, seed=1)]
    scorer = CiderScorer()
    for caption, row in zip(captions, references, strict=True):
        scorer += (caption, row)
    cider = CiderD(references=write(tmp_path / "references.jsonl", references))
    cider.update(captions[:20], references[:20])
    cider.update(captions[20:], references[20:])
    assert cider.compute() == pytest.approx(scorer.compute_score()[0], abs=1e-6)


def test_cider_agrees_with_the_coco_evaluation_on_the_training_captions(tmp_path):
    training, references = corpus(60, seed=2), corpus(20, seed=3)
    captions = [row[0] for row in corpus(20, seed=4)]
    cider = CiderD(references=write(tmp_path / "references.jsonl", training))
    cider.update(captions, references)
    assert cider.compute() == pytest.approx(coco(captions, references, training), abs=1e-6)


def test_the_captions_of_one_sample_are_one_document():
    frequencies = DocumentFrequencies.of([["A dog.", "a dog runs"], ["a cat"]])
    assert frequencies.documents == 2
    assert frequencies.counts[("a",)] == 2 and frequencies.counts[("a", "dog")] == 1


def test_words_of_every_document_weigh_nothing_and_unseen_ones_most():
    single = DocumentFrequencies.of([["a dog"], ["a cat"]]).weigh("a a zebra")[0]
    assert single == {("a",): 0.0, ("zebra",): math.log(2)}


def test_a_caption_equal_to_its_only_reference_scores_ten(tmp_path):
    cider = CiderD(references=write(tmp_path / "references.jsonl", corpus(50, seed=5)))
    cider.update(["red dog sits under blue table"], [["Red dog sits under blue table."]])
    assert cider.compute() == pytest.approx(10)


def test_it_is_undefined_without_references_and_zero_for_an_empty_caption(tmp_path):
    cider = CiderD(references=write(tmp_path / "references.jsonl", corpus(9, seed=6)))
    cider.update(["a dog"], [[]])
    assert cider.compute().isnan()
    cider.update([""], [["a dog"]])
    assert cider.compute() == 0


def test_the_file_is_read_at_first_use_and_once(tmp_path):
    cider = CiderD(references=str(tmp_path / "references.jsonl"))
    write(tmp_path / "references.jsonl", corpus(9, seed=7))
    cider.update(["a dog"], [["a dog"]])
    assert document_frequencies(cider.references) is document_frequencies(cider.references)


@pytest.mark.parametrize("line", ['{"a": 1}', '["a", 3]', "[", '"text"'])
def test_a_line_that_is_no_list_of_strings_is_refused_with_its_place(tmp_path, line):
    path = tmp_path / "references.jsonl"
    path.write_text(f'["a dog"]\n{line}\n', encoding="utf-8")
    with pytest.raises(DataError, match=r"references\.jsonl:2: references must be a JSON list of strings, got"):
        document_frequencies(str(path))


def test_an_empty_file_is_refused(tmp_path):
    (tmp_path / "empty.jsonl").touch()
    with pytest.raises(DataError, match="must hold at least one sample, got an empty file"):
        document_frequencies(str(tmp_path / "empty.jsonl"))


def test_a_package_without_captions_measures_nothing(tmp_path):
    with pytest.raises(DataError, match="references must be there, got none: a package holds no training data"):
        CiderD(references=str(tmp_path / "none.jsonl")).score("a dog", ["a dog"])


@pytest.mark.parametrize("blank", ["", " "])
def test_cider_agrees_with_the_coco_evaluation_in_scripts_without_blanks(tmp_path, blank):
    training = [["一只狗在草地上奔跑"], ["一只猫在桌子上"], ["หมาวิ่งบนหญ้า"]]
    captions, references = ["一只狗在草地上跑", "หมาเดินบนหญ้า"], [training[0], training[2]]
    cider = CiderD(references=write(tmp_path / "references.jsonl", training))
    cider.update([blank.join(caption) for caption in captions], references)
    spaced = [[" ".join(text) for text in row] for row in training]
    expected = coco([" ".join(caption) for caption in captions], [spaced[0], spaced[2]], spaced)
    assert cider.compute() == pytest.approx(expected, abs=1e-6)


def test_a_perfect_hindi_caption_scores_ten(tmp_path):
    cider = CiderD(references=write(tmp_path / "references.jsonl", [["लड़की पानी पीती है"], ["लड़का सोता है"]]))
    cider.update(["लड़की पानी पीती है"], [["लड़की पानी पीती है"]])
    assert cider.compute() == pytest.approx(10)


LANGUAGES = {
    "hindi": ["लड़की घर में पानी पीती है", "लड़का घर में सोता है", "दो बच्चे बाहर खेलते हैं", "एक आदमी किताब पढ़ता है"],
    "russian": ["собака бежит по зелёной траве", "кошка спит на траве", "два мальчика играют", "ёж идёт по траве"],
    "thai": ["หมาวิ่งบนหญ้า", "แมวนอนบนโต๊ะ", "เด็กเล่นน้ำ", "หมานอนบนหญ้า"],
    "chinese": ["一只狗在草地上奔跑", "一只猫在桌子上", "两个孩子在玩水", "一个人在读书"],
    "accents": ["une fillette à la fenêtre", "un garçon à côté du chêne", "où est le café", "la fenêtre est fermée"],
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_cider_agrees_with_the_coco_evaluation_in_five_scripts(tmp_path, language):
    texts, draw = LANGUAGES[language], random.Random(0)
    training = [[text] for text in texts]
    path = write(tmp_path / "references.jsonl", training)

    def spaced(text: str) -> str:
        return " ".join(text) if language in ("thai", "chinese") else text

    samples = [(draw.choice(texts), draw.sample(texts, draw.randint(1, 3))) for _ in range(15)]
    captions, references = [spaced(own) for own, _ in samples], [[*map(spaced, row)] for _, row in samples]
    expected = coco(captions, references, [[*map(spaced, row)] for row in training])
    assert expected > 1
    metric = CiderD(references=path)
    metric.update(*map(list, zip(*samples, strict=True)))
    assert metric.compute() == pytest.approx(expected, abs=1e-5)

from __future__ import annotations

import unicodedata

import pytest

from mmexp.transform.tokenization import blanks, characters, join, pieces, splitter, words

TEXTS = [
    "une fillette à la fenêtre",
    "собака бежит по траве",
    "एक कुत्ता घास पर दौड़ता है",
    "كَتَبَ الوَلَدُ الدَّرْسَ",
    "می‌خواهم بخوانم",
    "หมาวิ่งบนหญ้า ๓ ตัว",
    "一只狗在草地上奔跑 iphone手机3只",
    "🐶🌳 👍🏽 👨‍👩‍👧 🇩🇪🇫🇷 ❤️ 🫨",
    "-3 and 1.5 at 12:30, 5% of $5 and 2²",
]


@pytest.mark.parametrize("text", TEXTS)
def test_nothing_but_punctuation_is_lost_in_any_script(text):
    kept = unicodedata.normalize("NFC", text.replace(",", ""))
    assert join(pieces(text)) == kept
    assert "".join(words(text)) == "".join(characters(text)) == kept.replace(" ", "")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A man's T-shirt, (red)!  \n", ["a", "man", "s", "t", "shirt", "red"]),
        (" ?! ", []),
        ("दौड़ता है।", ["दौड़ता", "है"]),
        ("狗跑。", ["狗", "跑"]),
        ("กา", ["ก", "า"]),
        ("🐶🐶👍🏽 👨‍👩‍👧🇩🇪🇫🇷 1️⃣", ["🐶", "🐶", "👍🏽", "👨‍👩‍👧", "🇩🇪", "🇫🇷", "1️⃣"]),
        ("-3 x-1 x+1 1,500 12:30 5%.", ["-3", "x", "1", "x", "+", "1", "1,500", "12:30", "5%"]),
        ("e\u0301te\u0301 co\u00adop ½ ２", ["été", "coop", "½", "２"]),
    ],
)
def test_a_text_is_split_into_words_symbols_and_characters_of_scripts_without_blanks(text, found):
    assert words(text) == found


def test_blanks_of_a_segmented_text_are_kept():
    assert blanks("หมา วิ่ง, 我 爱你") == ["หมา", "วิ่ง", "我", "爱你"]


def test_an_unknown_way_to_split_is_refused():
    with pytest.raises(ValueError, match="tokenize must be words, characters or blanks, got 'intl'"):
        splitter("intl")

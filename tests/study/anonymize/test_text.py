from __future__ import annotations

import pytest

from mmexp.study.anonymize.text import mask


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Write to anna.b+x@mail.example.org, please", "Write to [email], please"),
        ("Почта: иван@почта.рф.", "Почта: [email]."),
        ("Call +49 (0)30 123-4567 or 555.123.4567", "Call [phone] or [phone]"),
        ("اتصل ٠٥٠١٢٣٤٥٦٧ الآن", "اتصل [phone] الآن"),
        ("Dear Dr. Maria von der Heide-Lang, hello", "Dear Dr. [name], hello"),
        ("Mr. O\u2019Neil saw Ms Lee and mrs smith", "Mr. [name] saw Ms [name] and mrs smith"),
        ("Hallo Jörg, ich heiße Özlem Çelik", "Hallo [name], ich heiße [name]"),
        ("Bonjour Hélène et merci", "Bonjour [name] et merci"),
        ("Здравствуйте, г-н Иванов", "Здравствуйте, г-н [name]"),
        ("меня зовут Анна Петрова и", "меня зовут [name] и"),
        ("السيد محمد حضر", "السيد [name]"),
        ("王小明先生来了, 田中さん, 김철수 씨", "[name]先生来了, [name]さん, [name] 씨"),
        ("Born 12.03.1985 at 14:05, IBAN DE89 3704 0044", "Born [number] at [number], IBAN [number] [phone]"),
        ("room ४५, 2 cats, B2B", "room [number], 2 cats, B2B"),
    ],
)
def test_what_a_rule_finds_is_masked(text: str, masked: str):
    assert mask(text)[0] == masked


@pytest.mark.parametrize(
    "text", ["Anna went to Berlin", "a dog and 2 cats", "hi there", "see you @ home", "", "dr who"]
)
def test_what_no_rule_names_stays(text: str):
    assert mask(text) == (text, {})


def test_finds_are_counted_and_a_mask_is_not_masked_again():
    text, counts = mask("a@b.org, c@d.org, +1 555 123 4567, 12")
    assert text == "[email], [email], [phone], [number]" and counts == {"email": 2, "phone": 1, "number": 1}
    assert mask(text) == (text, {})


@pytest.mark.parametrize(
    "text", ["a" * 100_000, "a." * 50_000 + "@", "x@" + "a." * 50_000, "x@" * 50_000, "1a" * 50_000]
)
def test_a_long_word_costs_no_more_than_its_length(text: str):
    """With a cost of its square, this would take minutes."""
    masked, _ = mask(text)
    assert len(masked) <= len(text)

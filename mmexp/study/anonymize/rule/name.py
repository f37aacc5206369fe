"""Names after a title, a greeting or words that introduce somebody, and before honorifics that follow a name.

English, German, French, Spanish, Russian, Greek, Arabic; Chinese, Japanese and Korean honorifics. A name that stands by
itself is not found, nor one in lower case where the script has cases.
"""

from __future__ import annotations

import re
from itertools import pairwise

POSITION = 30
MASK = "[name]"
_TITLES = """
    Mrs? Ms Miss Mx Dr Prof Professor Sir Madam Herrn? Frau Monsieur Madame Mme Mlle Señora? Sra? Srta Don Doña
    г-н г-жа господин госпожа κύριος κυρία
"""
_GREETINGS = """
    Dear Hi Hello Hey Liebe[rs]? Hallo Bonjour Cher Chère Salut Hola Querid[oa] Estimad[oa]
    Привет Здравствуйте Уважаем(?:ый|ая) Γεια
"""
_INTRODUCED = (
    *("my name is", "I am called", "ich heiße", "mein Name ist", "je m['\u2019]appelle", "me llamo", "mi nombre es"),
    *("меня зовут", "με λένε"),
)
_PARTICLES = ["von", "van", "de", "der", "den", "du", "da", "di", "la", "le", "bin", "al"]
_LEADS = "|".join((*_TITLES.split(), *_GREETINGS.split(), *_INTRODUCED))
_WORD = r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*"
_AFTER = re.compile(rf"(?<!\w)(?:(?i:{_LEADS})\.?,?[ \u00a0]+)+(?=(?P<name>{_WORD}(?:[ \u00a0]{_WORD}){{0,4}}))")
_ARABIC = re.compile(
    r"(?<!\w)(?:السيدة?|الدكتورة?|مرحبا|عزيزي|اسمي)[\u060c,]? +(?P<name>[\u0621-\u064a]+(?: [\u0621-\u064a]+)?)"
)
_HONORIFIC = re.compile(
    r"(?P<chinese>[\u4e00-\u9fff]{1,3})(?=先生|女士|小姐)|(?P<japanese>[\u4e00-\u9fff\u30a1-\u30fc]{1,6})(?=さん|様|君)|"
    r"(?P<korean>[\uac00-\ud7a3]{2,4})(?= ?[씨님](?![\uac00-\ud7a3]))"
)


def find(text: str) -> list[tuple[int, int]]:
    """Return where each begins and ends."""
    found = [(one.start("name"), one.start("name") + _length(one["name"])) for one in _AFTER.finditer(text)]
    found += [one.span("name") for one in _ARABIC.finditer(text)]
    found += [one.span() for one in _HONORIFIC.finditer(text)]
    return [(start, end) for start, end in found if end > start]


def _length(words: str) -> int:
    """Return how many characters the name has that some words begin with; 0 if they begin with none."""
    end = 0
    for word, after in pairwise([*re.finditer(_WORD, words), None]):
        if word is None:
            break
        if _is_name(word[0]):
            end = word.end()
        elif word[0] not in _PARTICLES or after is None or not (_is_name(after[0]) or after[0] in _PARTICLES):
            break
    return end


def _is_name(word: str) -> bool:
    return word[0].isupper()

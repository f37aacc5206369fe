"""Split text of any language into tokens: one rule for the word tokenizer, transcripts and the metrics of texts.

Text is compared in lower case and Unicode form NFC. Letters, marks, digits, symbols and emoji of every script stay:

- Punctuation and blanks separate. In a number it stays: ``-3``, ``1.5``, ``12:30``, ``5%``.
- A symbol is a token (``$``, ``+``), and so is an emoji with all it consists of (skin tone, joined parts, flags).
- A character of a script that is written without blanks is a token: Chinese, Japanese, Thai, Lao, Khmer, Burmese.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from functools import cache
from typing import Literal

Tokenize = Literal["words", "characters", "blanks"]

JOINED = "##"
"""Begins a piece of a text that follows the piece before it without a blank."""

_UNSPACED = (
    "\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3038-\u303c\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"  # Han
    "\u3041-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3105-\u312f\u31a0-\u31bf\u31f0-\u31ff\uff66-\uff9f"  # kana, bopomofo
    "\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0ecd\u0edc-\u0edf"  # Thai, Lao; their digits form numbers
    "\u1000-\u103f\u1050-\u108f\u109a-\u109f\u1780-\u17d3\u17dc\u17dd"  # Burmese, Khmer
)
_UNSPACED_BEYOND = "\U00020000-\U0003ffff"  # rare Han
_SKIN_TONES = "\U0001f3fb-\U0001f3ff"
_EXTENSION = f"[\u0300-\u036f\u20d0-\u20ff\ufe00-\ufe0f{_SKIN_TONES}\U000e0020-\U000e007f]*"  # of a symbol
_FLAG = "[\U0001f1e6-\U0001f1ff]{2}"
_INVISIBLE = re.compile("[\u00ad\u061c\u180e\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]")
_SIZES = (0x80, 0x10000, 0x20000)  # characters that a pattern knows: ASCII, the basic plane, all


def words(text: str) -> list[str]:
    """Split into words, symbols, emoji, and the characters of scripts without blanks."""
    text = canonical(text)
    return _pattern(_size(text)).findall(text)


def pieces(text: str) -> list[str]:
    """Split as ``words`` does, and mark each word that has no blank before it, so that ``join`` can put them back."""
    text, end, found = canonical(text), -1, []
    for match in _pattern(_size(text)).finditer(text):
        found.append(JOINED * (match.start() == end) + match[0])
        end = match.end()
    return found


def join(found: list[str]) -> str:
    """Write pieces as a text; nothing but punctuation, and more than one blank in a row, is lost."""
    return " ".join(found).replace(f" {JOINED}", "")


def characters(text: str) -> list[str]:
    """Split into all characters of the words."""
    return list("".join(words(text)))


def blanks(text: str) -> list[str]:
    """Split at blanks and punctuation alone: for text whose words a segmenter has set apart."""
    return join(pieces(text)).split()


TOKENIZE: Mapping[str, Callable[[str], list[str]]] = {"words": words, "characters": characters, "blanks": blanks}
COUNTED: Mapping[str, str] = {
    "words": "words; a symbol, an emoji and a character of a script without blanks is one",
    "characters": "characters",
    "blanks": "words as blanks and punctuation set them apart",
}
"""What a text consists of by each way to split it, all in lower case and without punctuation."""


def splitter(tokenize: str) -> Callable[[str], list[str]]:
    """Return the function that splits a text.

    Raises:
        ValueError: If tokenize is unknown.
    """
    if tokenize not in TOKENIZE:
        *others, last = TOKENIZE
        raise ValueError(f"tokenize must be {', '.join(others)} or {last}, got {tokenize!r}.")
    return TOKENIZE[tokenize]


def canonical(text: str) -> str:
    """Write in lower case and NFC, without characters that cannot be seen (soft hyphens, directions)."""
    text = text.lower()
    return text if text.isascii() else unicodedata.normalize("NFC", _INVISIBLE.sub("", text))


def _size(text: str) -> int:
    """Return how many characters a pattern must know to split a text."""
    return _SIZES[0] if text.isascii() else _SIZES[1] if max(text) < chr(_SIZES[1]) else _SIZES[2]


@cache
def _pattern(size: int) -> re.Pattern[str]:
    """Compile the rule for texts of the first characters alone: the fewer ranges, the quicker is the search."""
    gap, symbol = _ranges(_separates, size), _ranges(_is_symbol, size)
    unspaced = "" if size == _SIZES[0] else _UNSPACED + _UNSPACED_BEYOND * (size > _SIZES[1])
    letter = f"[^{gap}{symbol}{unspaced}]"
    word = rf"{letter}++(?:(?<=\d)(?:[.,:/\u066b\u066c](?=\d)|[%\u066a]){letter}*+)*+"
    negative = rf"(?<![^{gap}])-(?=\d){word}"
    if not unspaced:
        return re.compile(f"{word}|{negative}|[{symbol}]")
    emoji = f"[{symbol}]{_EXTENSION}"
    shown_as_emoji = f"[{gap}]\ufe0f\u20e3?"
    return re.compile(f"{word}|[{unspaced}]|{negative}|{_FLAG}|{emoji}(?:\u200d{emoji})*+|{shown_as_emoji}")


def _ranges(belongs: Callable[[str], bool], size: int) -> str:
    """Return the characters below a size that belong to a class, as ranges between the brackets of a pattern."""
    found = ""
    first = None
    for code in range(size + 1):
        inside = code < size and belongs(chr(code))
        if inside and first is None:
            first = code
        elif not inside and first is not None:
            found, first = f"{found}\\U{first:08x}-\\U{code - 1:08x}", None
    return found


def _separates(character: str) -> bool:
    """Whether it is a blank, a control character, punctuation, or an accent on its own; an underscore is not."""
    category = unicodedata.category(character)
    accent = category == "Sk" and not "\U0001f3fb" <= character <= "\U0001f3ff"
    return (category[0] in "PZ" and character != "_") or category == "Cc" or accent or character == "\u200b"


def _is_symbol(character: str) -> bool:
    """Whether it is a sign or an emoji; those that are newer than Python's tables too."""
    return unicodedata.category(character) in ("Sm", "Sc", "So") or "\U0001f000" <= character < "\U0001fb00"

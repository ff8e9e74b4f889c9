"""Whether two written names are one: inflected, abbreviated, or in another script."""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from functools import lru_cache

_LATIN = dict(zip("абвгдезийклмнопрстуфхцыэ", "abvgdeziiklmnoprstufhcye", strict=True)) | {
    "ж": "zh", "ч": "ch", "ш": "sh", "щ": "sh", "ю": "iu", "я": "ia", "ь": "", "ъ": "", "ё": "e",
}  # fmt: skip
_TO_LATIN = str.maketrans(_LATIN)
_SOUNDS = (("ph", "f"), ("ck", "k"), ("x", "ks"), ("w", "v"), ("ch", "h"), ("c", "k"),
           ("q", "k"), ("j", "g"), ("h", "g"))  # fmt: skip


@lru_cache(maxsize=65536)
def same_name(one: str, other: str) -> bool:
    """Of two names in lower case: `Роллона` and `Роллон`, `Normans` and `Norman`'s, `Rollo`."""
    a, b = (name.removesuffix("'s").replace(".", "") for name in (one, other))
    if a == b:
        return True
    if any(c.isdigit() for c in a + b):
        return False
    if a.isascii() != b.isascii():
        return _same_sound(a, b)
    if min(len(a), len(b)) == 1:
        return a[0] == b[0]
    shared = next(
        (i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b))
    )
    longest = max(len(a), len(b))
    return shared >= 3 and longest - shared <= (3 if longest > 5 else 2) and shared > longest / 2


def abbreviates(name: str, names: Sequence[str]) -> bool:
    """Whether `name` is the first letters of `names`: `NFL`, `National Football League`."""
    letters = name.replace(".", "")
    if not 2 <= len(letters) <= 5 or len(names) < len(letters):
        return False
    return all(n.startswith(c) for c, n in zip(letters, names, strict=False))


def _same_sound(one: str, other: str) -> bool:
    """Across scripts: `Роллон` and `Rollo`, `Вильгельм` and `Wilhelm`."""
    a, b = _sound(one), _sound(other)
    if min(len(a), len(b)) < 3:
        return a == b
    return a[0] == b[0] and SequenceMatcher(None, a, b, autojunk=False).ratio() >= 0.7


def _sound(name: str) -> str:
    latin = name.translate(_TO_LATIN)
    for old, new in _SOUNDS:
        latin = latin.replace(old, new)
    return re.sub(r"[aeiouy]", "", re.sub(r"(.)\1", r"\1", latin)) or latin

"""Cells of a workbook as people see them, by their number format (ECMA-376 part 1, 18.8.31).

Digits after the point, percent, currency, units, leading zeros and scaling are those of the format.
On purpose different from the screen: no separators of thousands (they depend on the reader's
computer and hide numbers from search), minus instead of parentheses, dates as 2026-01-31.
Fractions and conditions on colours are not followed.
"""

import datetime
import re
from dataclasses import dataclass
from functools import lru_cache

_QUOTED = re.compile(r'"([^"]*)"|\\(.)|_.|\*.')
_BRACKET = re.compile(r"\[\$([^\]-]*)[^\]]*\]|\[[^\]]*\]")
_PLACES = re.compile(r"[0#?,.]*[0#?][0#?,.]*")
_UNIT = re.compile(r"[^\W\d_][\w./²³]*\.?|[$€£¥₽₴₸%°‰]+(?:[^\W\d_]+)?")


@dataclass(frozen=True, slots=True)
class _Format:
    decimals: int
    digits: int
    """At least this many before the point."""
    percent: bool
    scale: int
    """Divided by a thousand so many times."""
    exponent: bool
    before: str = ""
    after: str = ""


def shown(value: object, number_format: str) -> str:
    """The text of a cell with this value and format; one line."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, datetime.datetime):
        return _moment(value, number_format)
    if isinstance(value, datetime.time):
        return value.isoformat("seconds" if value.second else "minutes")
    if isinstance(value, int | float):
        return _number(value, number_format)
    return " ".join(str(value).split())


def _moment(value: datetime.datetime, number_format: str) -> str:
    plain = _BRACKET.sub("", _QUOTED.sub("", number_format)).lower()
    if value.time() != datetime.time():
        return value.isoformat(" ", "minutes")
    # A month or a year as such, like "January 2026", has no day.
    if "y" in plain and not re.search("d|general", plain):
        return f"{value:%Y-%m}" if "m" in plain else f"{value:%Y}"
    return value.date().isoformat()


def _number(value: float, number_format: str) -> str:
    if value != value or value in (float("inf"), float("-inf")):
        return str(value)
    form = _parsed(number_format, value < 0)
    if form is None:
        return _general(value)
    number = abs(value) * (100 if form.percent else 1) / 1000**form.scale
    if form.exponent:
        text = f"{number:.{form.decimals}E}"
    else:
        text = f"{_rounded(number, form.decimals):.{form.decimals}f}"
        whole, point, rest = text.partition(".")
        text = whole.zfill(form.digits) + point + rest
    zero = not any(c in "123456789" for c in text)
    return f"{'' if zero or value >= 0 else '-'}{form.before}{text}{form.after}"


def _rounded(number: float, decimals: int) -> float:
    """Half away from zero, as spreadsheets do; Python rounds half to even."""
    if number >= 1e15:
        return number
    nudged = round(number + 10 ** -(decimals + 6), decimals)
    plain = round(number, decimals)
    return nudged if abs(number * 10**decimals % 1 - 0.5) < 1e-6 else plain


def _general(value: float) -> str:
    if isinstance(value, int) or (value.is_integer() and abs(value) < 1e15):
        return str(int(value))
    return f"{value:.10g}" if abs(value) < 1e9 else f"{value:.15g}"


@lru_cache(maxsize=1024)
def _parsed(number_format: str, negative: bool) -> _Format | None:
    """What the format says, or nothing where it is General, or more than is followed here."""
    sections = _sections(number_format)
    section = sections[1] if negative and len(sections) > 1 and sections[1] else sections[0]
    literals: list[str] = []

    def keep(match: re.Match[str]) -> str:
        text = next((group for group in match.groups() if group is not None), "")
        literals.append(text)
        return f"\ue000{chr(0xE100 + len(literals))}" if text else ""

    plain = _QUOTED.sub(keep, _BRACKET.sub(lambda m: f'"{m.group(1) or ""}"', section))
    places = _PLACES.search(plain)
    if places is None or "general" in plain.lower() or "/" in plain:
        return None
    if (
        _PLACES.search(plain[places.end() :].replace("E+", "").replace("E-", ""))
        and "E" not in plain
    ):
        return None
    whole, _, fraction = places.group().partition(".")

    def literal(text: str) -> str:
        restored = re.sub("\ue000(.)", lambda m: literals[ord(m.group(1)) - 0xE101], text)
        return " ".join(_UNIT.findall(re.sub(r"[()]", " ", restored)))

    before, after = literal(plain[: places.start()]), literal(plain[places.end() :])
    return _Format(
        decimals=len(re.sub("[^0#?]", "", fraction)),
        digits=whole.count("0"),
        percent="%" in plain,
        scale=len(places.group()) - len(places.group().rstrip(",")),
        exponent=bool(re.search("E[+-]", plain)),
        before=f"{before} " if before and before[-1].isalpha() else before,
        after=_spaced(after) if not re.search("E[+-]", plain) else "",
    )


def _sections(number_format: str) -> list[str]:
    found, quoted, escaped = [""], False, False
    for char in number_format[:200]:
        if char == ";" and not quoted and not escaped:
            found.append("")
        else:
            found[-1] += char
        quoted ^= char == '"' and not escaped
        escaped = char == "\\" and not escaped
    return found


def _spaced(after: str) -> str:
    """`%` stands at the number, a unit or a currency apart from it."""
    return after if not after or after[0] in "%‰°" else f" {after}"

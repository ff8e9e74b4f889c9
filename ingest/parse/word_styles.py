"""What Word's styles and numbering say of a paragraph: its heading level, its list level, and the
number that Word shows before it but does not store.

Counting follows ECMA-376 part 1, 17.9: one counter for each level of each abstract list, deeper
ones begin again, an override of the start begins anew. Pictures as bullets are bullets.
"""

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lxml.etree import _Element

_HEADING = re.compile(r"(?:heading|заголовок)\s*([1-9])", re.IGNORECASE)
_LETTERS = {
    "lowerLetter": "abcdefghijklmnopqrstuvwxyz",
    "upperLetter": "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "russianLower": "абвгдежзиклмнопрстуфхцчшщэюя",
    "russianUpper": "АБВГДЕЖЗИКЛМНОПРСТУФХЦЧШЩЭЮЯ",
}
_ROMAN = (
    (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"),
    (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
)  # fmt: skip


def value(node: "_Element | None", key: str = "val") -> str:
    """An attribute whatever its namespace; Word's strict form has another one."""
    if node is None:
        return ""
    return next((str(v) for k, v in node.attrib.items() if str(k).endswith(f"}}{key}")), "")


@dataclass(frozen=True, slots=True)
class Style:
    """What a paragraph of this style is, its ancestors taken into account."""

    name: str = ""
    level: int | None = None
    """Of a heading, from 0."""
    bold: bool = False
    number: tuple[str, int] | None = None
    """Id of its list and level in it."""


@dataclass(frozen=True, slots=True)
class _Level:
    kind: str
    text: str
    start: int
    legal: bool


@dataclass
class Numbering:
    """The lists of a document and how far each has counted."""

    levels: dict[str, dict[int, _Level]] = field(default_factory=dict)
    """By abstract list."""
    abstract: dict[str, str] = field(default_factory=dict)
    starts: dict[tuple[str, int], int] = field(default_factory=dict)
    """Overrides of the first number, by list and level."""
    _counts: dict[str, dict[int, int]] = field(default_factory=dict)
    _used: set[tuple[str, int]] = field(default_factory=set)

    def label(self, number: str, level: int) -> str:
        """The number that stands before the next paragraph; empty for a bullet."""
        abstract = self.abstract.get(number, "")
        levels = self.levels.get(abstract, {})
        if level not in levels:
            return ""
        counts = self._counts.setdefault(abstract, {})
        override = self.starts.get((number, level))
        if override is not None and (number, level) not in self._used:
            counts[level] = override
        else:
            counts[level] = counts.get(level, levels[level].start - 1) + 1
        self._used.add((number, level))
        for deeper in [key for key in counts if key > level]:
            del counts[deeper]
        own = levels[level]
        if own.kind in ("bullet", "none"):
            return ""

        def shown(match: re.Match[str]) -> str:
            at = int(match.group(1)) - 1
            if at not in levels:
                return ""
            kind = "decimal" if own.legal else levels[at].kind
            return _format(counts.get(at, levels[at].start), kind)

        return re.sub(r"%([1-9])", shown, own.text).strip()


def _format(number: int, kind: str) -> str:
    if kind in _LETTERS and number > 0:
        letters = _LETTERS[kind]
        return letters[(number - 1) % len(letters)] * ((number - 1) // len(letters) + 1)
    if kind in ("lowerRoman", "upperRoman") and 0 < number < 4000:
        roman = ""
        for size, letters in _ROMAN:
            roman += letters * (number // size)
            number %= size
        return roman.upper() if kind == "upperRoman" else roman
    return f"{number:02d}" if kind == "decimalZero" else str(number)


def read_styles(root: "_Element | None") -> dict[str, Style]:
    """Styles of paragraphs by id."""
    nodes = {} if root is None else {value(s, "styleId"): s for s in root.iter("{*}style")}
    found: dict[str, Style] = {}

    def resolve(key: str, trail: frozenset[str]) -> Style:
        if key in found:
            return found[key]
        if key not in nodes or key in trail:
            return Style()
        node = nodes[key]
        base = resolve(value(node.find("{*}basedOn")), trail | {key})
        found[key] = _style(node, base)
        return found[key]

    for key in nodes:
        resolve(key, frozenset())
    return found


def _style(node: "_Element", base: Style) -> Style:
    name = value(node.find("{*}name"))
    level = outline_level(node.find("{*}pPr"))
    heading = _HEADING.match(name)
    if heading:
        level = int(heading.group(1)) - 1
    elif name.lower() == "title":
        level = 0
    bold = node.find("{*}rPr/{*}b")
    number = numbering_of(node.find("{*}pPr"))
    return Style(
        name,
        base.level if level is None else (level if level < 9 else None),
        base.bold if bold is None else value(bold) not in ("0", "false", "off"),
        base.number if number is None else (number[0] or (base.number or ("",))[0], number[1]),
    )


def outline_level(properties: "_Element | None") -> int | None:
    """The level that the properties of a paragraph give; 9 means that it is no heading."""
    node = properties.find("{*}outlineLvl") if properties is not None else None
    level = value(node)
    return int(level) if level.isdecimal() else None


def numbering_of(properties: "_Element | None") -> tuple[str, int] | None:
    """The list and the level that the properties of a paragraph give."""
    node = properties.find("{*}numPr") if properties is not None else None
    if node is None:
        return None
    level = value(node.find("{*}ilvl"))
    return value(node.find("{*}numId")), int(level) if level.isdecimal() else 0


def read_numbering(root: "_Element | None") -> Numbering:
    """The lists of `numbering.xml`."""
    found = Numbering()
    if root is None:
        return found
    for abstract in root.iter("{*}abstractNum"):
        found.levels[value(abstract, "abstractNumId")] = {
            _integer(value(level, "ilvl"), 0): _Level(
                value(level.find("{*}numFmt")) or "decimal",
                value(level.find("{*}lvlText")),
                _integer(value(level.find("{*}start")), 1),
                level.find("{*}isLgl") is not None,
            )
            for level in abstract.iter("{*}lvl")
        }
    for number in root.iter("{*}num"):
        key = value(number, "numId")
        found.abstract[key] = value(number.find("{*}abstractNumId"))
        for override in number.iter("{*}lvlOverride"):
            start = value(override.find("{*}startOverride"))
            if start.isdecimal():
                found.starts[key, _integer(value(override, "ilvl"), 0)] = int(start)
    return found


def _integer(text: str, default: int) -> int:
    return int(text) if text.isdecimal() else default

"""Edits of a sentence that keep it true, and edits that make it false, by program.

Each takes a sentence and a seeded random generator and gives the edited sentence, or None where
there is nothing to edit. English and Russian. They work on the surface and know no syntax, so a
sentence may read clumsily; whether it stays true or turns false is what counts. They share no
code and no word list with `rag/facts.py`, which they test.
"""

import re
from collections.abc import Callable, Sequence
from random import Random

Edit = Callable[[str, Random, "Source"], str | None]


class Source:
    """Where a sentence comes from: its passage, and names of the whole set."""

    def __init__(self, passage: str, language: str, names: Sequence[str]) -> None:
        self.passage = passage
        self.language = language
        self.names = names


_SMALL_WORDS = {
    "en": "two three four five six seven eight nine ten eleven twelve",
    "ru": "два три четыре пять шесть семь восемь девять десять одиннадцать двенадцать",
}
_SMALL = {language: words.split() for language, words in _SMALL_WORDS.items()}
_MONTHS = {
    "en": "January February March April June July August September October November December",
    "ru": "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
}
_UNIT_GROUPS = [
    "days weeks months years hours minutes", "day week month year hour", "million billion",
    "дней недель месяцев лет часов минут", "миллионов миллиардов", "dollars euros pounds",
    "miles kilometers feet", "километров метров миль", "$ € £", "GB MB KB", "seconds minutes hours",
]  # fmt: skip
_OPPOSITES = [
    "before after", "more less", "increased decreased", "increase decrease", "maximum minimum",
    "first last", "above below", "always never", "included excluded", "higher lower",
    "northern southern", "eastern western", "largest smallest", "began ended", "enabled disabled",
    "до после", "больше меньше", "более менее", "увеличение уменьшение", "максимум минимум",
    "выше ниже", "всегда никогда", "первый последний", "северной южной", "восточной западной",
    "крупнейших мельчайших", "начале конце", "с без",
]  # fmt: skip
_NAME = re.compile(r"(?<![.!?…] )(?<!^)(?<![\w*`/.\-])[A-ZА-ЯЁ][a-zа-яё]{2,}(?![\w`/])")
_AUXILIARY = re.compile(
    r"\b(is|are|was|were|has been|have been|can|should|will|must|could|may|would|had|has|have)\b"
    r"(?! not\b|n't)", re.IGNORECASE,
)  # fmt: skip
_RUSSIAN_VERB = re.compile(
    r"(?<!не )\b([а-яё]{3,}(?:ает|яет|ует|ет|ит|ают|яют|уют|ят|ла|ли|ло|лся|лась|лись|ал|ил|ел"
    r"|ется|ются|ится|ятся))\b"
)
_NOT_VERBS = re.compile(r"(?:если|или|были|лет|нет|свет|цвет|предмет|сила|школа|дела|тела|мог)$")


def _choice(rng: Random, found: Sequence[re.Match[str]]) -> re.Match[str] | None:
    return rng.choice(found) if found else None


def _put(text: str, match: re.Match[str], new: str) -> str:
    return text[: match.start()] + new + text[match.end() :]


# False


def number(text: str, rng: Random, source: Source) -> str | None:
    """Another number, month or unit in the place of one; spelled out where it was."""
    ways = [_digits, _digits, _other_in_list(_MONTHS[source.language].split(), case=True),
            _other_in_list(_SMALL[source.language]), _unit]  # fmt: skip
    rng.shuffle(ways)
    return next((new for way in ways if (new := way(text, rng, source))), None)


def _digits(text: str, rng: Random, source: Source) -> str | None:
    match = _choice(rng, list(re.finditer(r"(?<![\w.,/:-])\d+(?:[.,]\d+)?(?![\w/:-])", text)))
    if not match:
        return None
    written = match.group()
    others = [
        n for n in re.findall(r"\b\d+\b", source.passage) if n not in re.findall(r"\d+", text)
    ]
    if others and rng.random() < 0.4:
        return _put(text, match, rng.choice(others))
    at = rng.randrange(len(written))
    while not written[at].isdigit():
        at = rng.randrange(len(written))
    digit = rng.choice([d for d in "123456789" if d != written[at]])
    return _put(text, match, written[:at] + digit + written[at + 1 :])


def _other_in_list(words: Sequence[str], case: bool = False) -> Edit:
    flags = 0 if case else re.IGNORECASE

    def edit(text: str, rng: Random, source: Source) -> str | None:
        del source
        match = _choice(rng, list(re.finditer(rf"\b(?:{'|'.join(words)})\b", text, flags)))
        if not match:
            return None
        new = rng.choice([w for w in words if w.lower() != match.group().lower()])
        return _put(text, match, new.capitalize() if match.group()[0].isupper() else new)

    return edit


def _unit(text: str, rng: Random, source: Source) -> str | None:
    del source
    for group in rng.sample(_UNIT_GROUPS, len(_UNIT_GROUPS)):
        words = group.split()
        pattern = "|".join(re.escape(w) + (r"\b" if w.isalpha() else r"(?=\d)") for w in words)
        match = _choice(rng, list(re.finditer(rf"(?<=\d )(?:{pattern})|[$€£](?=\d)", text)))
        if match and match.group() in words:
            return _put(text, match, rng.choice([w for w in words if w != match.group()]))
    return None


def name(text: str, rng: Random, source: Source) -> str | None:
    """Another name: of the same passage, or from elsewhere in the set, each as often."""
    match = _choice(rng, list(_NAME.finditer(text)))
    if not match:
        return None
    ours = {_trunk(n) for n in re.findall(r"\w+", text)}
    here = _NAME.findall(source.passage)
    for names in rng.sample([here, list(source.names)], 2):
        others = sorted({n for n in names if _trunk(n) not in ours})
        if others:
            return _put(text, match, rng.choice(others))
    return None


def _trunk(word: str) -> str:
    return word.lower()[:4]


def negation(text: str, rng: Random, source: Source) -> str | None:
    """`not` put in or taken out, or a word turned into its opposite."""
    ways = [_without_not, _opposite, _with_not, _with_not]
    rng.shuffle(ways)
    return next((new for way in ways if (new := way(text, rng, source))), None)


def _without_not(text: str, rng: Random, source: Source) -> str | None:
    del source
    match = _choice(
        rng, list(re.finditer(r"\b(?:not|never|не) (?!only|только)|(?<=[a-z])n't\b", text))
    )
    return _put(text, match, "") if match else None


def _with_not(text: str, rng: Random, source: Source) -> str | None:
    if source.language == "ru":
        verbs = [m for m in _RUSSIAN_VERB.finditer(text) if not _NOT_VERBS.search(m.group())]
        match = _choice(rng, verbs)
        return _put(text, match, "не " + match.group()) if match else None
    match = next(iter(_AUXILIARY.finditer(text)), None)
    return _put(text, match, match.group() + " not") if match else None


def _opposite(text: str, rng: Random, source: Source) -> str | None:
    del source
    for pair in rng.sample(_OPPOSITES, len(_OPPOSITES)):
        one, other = pair.split()
        for old, new in ((one, other), (other, one)):
            found = re.search(rf"\b{old}\b", text)
            if found and len(old) > 1:
                return _put(text, found, new)
    return None


# True


def verbatim(text: str, rng: Random, source: Source) -> str | None:
    """As it stands."""
    del rng, source
    return text


def dropped(text: str, rng: Random, source: Source) -> str | None:
    """Without a remark in brackets, or between commas, or a clause at the end."""
    del source
    patterns = [
        r" \([^()]{3,80}\)",
        r", (?:which|who|including|котор\w+|включая)[^,;:.]{5,90}(?=[,.])",
        r", (?:while|although|and then|хотя|а также|после чего) [^;:.]{8,}(?=\.$)",
    ]
    rng.shuffle(patterns)
    for pattern in patterns:
        match = re.search(pattern, text)
        if match and len(text) - len(match.group()) > 40:
            return _put(text, match, "")
    return None


def reordered(text: str, rng: Random, source: Source) -> str | None:
    """`In 1950, A did B.` as `A did B in 1950.`, and for Russian alike."""
    del rng, source
    match = re.match(
        r"((?:In|On|After|Before|During|At|By|If|When|В|После|До|Во|На|Если|Когда) [^,;:.]{3,60}),"
        r" ([^;:]{15,})([.])$", text,
    )  # fmt: skip
    if not match:
        return None
    lead, rest = match[1], match[2]
    first = rest[0].upper() + rest[1:]
    return f"{first}, {lead[0].lower()}{lead[1:]}."


def reformatted(text: str, rng: Random, source: Source) -> str | None:
    """Another way to write a number: `1 500`, `per cent`, `three` as `3`."""
    del rng
    new = re.sub(r"(?<![\d.])(\d{1,3}),(\d{3})(?![\d,])", "\\1 \\2", text)
    if new == text:
        new = re.sub(
            r"(?<![\d.,])([1-9]\d?)(\d{3})(?=\s(?:people|км|человек|feet|men|жителей))",
            r"\1,\2",
            text,
        )
    if new == text:
        new = re.sub(r"(?<=\d) ?%", " per cent" if source.language == "en" else " процентов", text)
    if new == text:
        new = re.sub(r"(?<=\d) (?:percent|per cent|процент(?:ов|а)?)\b", "%", text)
    if new == text:
        small = _SMALL[source.language]
        found = re.search(rf"(?<![-\w])(?:{'|'.join(small)})(?![-\w])", text)
        if found:
            return _put(text, found, str(small.index(found.group()) + 2))
        found = re.search(r"(?<=[a-zа-я] )(?:[2-9]|1[0-2])(?= [a-zа-я]{3,})", text)
        if found:
            return _put(text, found, small[int(found.group()) - 2])
    return new if new != text else None


_FUNCTION = {
    "en": [("however", "but"), ("such as", "like"), ("although", "though"), ("while", "whereas"),
           ("because", "since"), ("also", "too"), ("about", "around"), ("has to", "must"),
           ("in order to", "to"), ("within", "inside"), ("upon", "on"), ("until", "till"),
           ("among", "amongst"), ("is not", "isn't"), ("do not", "don't"), ("cannot", "can't"),
           ("that", "which"), ("might", "may"), ("many", "a lot of"), ("toward", "towards"),
           ("both", "the two of"), ("and", "as well as"), ("you'll", "you will"),
           ("will", "is going to"), ("the", "this"), ("you're", "you are")],
    "ru": [("однако", "но"), ("хотя", "несмотря на то что"), ("чтобы", "для того чтобы"),
           ("также", "тоже"), ("около", "примерно"), ("из-за", "вследствие"), ("это", "данное"),
           ("так как", "потому что"), ("который", "что"), ("и", "а также"), ("может", "способен"),
           ("при", "во время"), ("например", "к примеру"), ("для", "в целях"), ("в", "внутри")],
}  # fmt: skip


def synonyms(text: str, rng: Random, source: Source) -> str | None:
    """One or two function words replaced."""
    pairs = _FUNCTION[source.language]
    done = 0
    for old, new in rng.sample(pairs, len(pairs)):
        changed = re.sub(rf"\b{old}\b", new, text, count=1)
        if changed != text and done < 2:
            text, done = changed, done + 1
    return text if done else None


def pronoun(text: str, rng: Random, source: Source) -> str | None:
    """A pronoun for the name at the beginning, or the subject named where a pronoun was."""
    del rng
    names = re.findall(r"(?:[A-ZА-ЯЁ][\w-]+ ?){1,3}", source.passage.split(". ")[0])
    opening = {"en": r"(?:He|She|It|They) ", "ru": r"(?:Он|Она|Оно|Они) "}[source.language]
    match = re.match(opening, text)
    if match and names and len(names[-1].strip()) > 3:
        return _put(text, match, names[-1].strip() + " ")
    lead = re.match(r"(?:[A-ZА-ЯЁ][a-zа-яё]+ ){2,3}(?=[a-zа-яё])", text)
    if lead:
        return _put(text, lead, "He " if source.language == "en" else "Он ")
    return None


FALSE: dict[str, Edit] = {"number": number, "name": name, "negation": negation}
TRUE: dict[str, Edit] = {
    "verbatim": verbatim, "clause dropped": dropped, "reordered": reordered,
    "number reformatted": reformatted, "function words": synonyms, "pronoun": pronoun,
}  # fmt: skip

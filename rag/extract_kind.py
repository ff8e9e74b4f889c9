"""What kind of answer a question asks for, and whether a sentence holds one.

Question words, numbers, dates and capitals, in English and Russian. A name is a word with a
capital that the question does not hold. Does not know what a number counts.
"""

import re
from collections.abc import Mapping

from rag.text import normalize

_I = re.IGNORECASE | re.VERBOSE
_KINDS: Mapping[str, re.Pattern[str]] = {
    "often": re.compile(r"\bhow\s+(?:often|frequently)\b|\bкак\s+часто\b", _I),
    "long": re.compile(
        r"""\bhow\s+long\b | \bhow\s+(?:fast|quickly|soon)\b | \bhow\s+many\s+(?:\w+\s+){0,2}(?:
        days|
        weeks|months|years|hours|minutes)\b | \bсколько\s+(?:\w+\s+){0,2}(?:дней|недель|месяцев|
        лет|часов|минут)\b | \bкак\s+(?:долго|быстро|скоро)\b | \bсколько\s+(?:длится|
        времени|продолжа\w+)\b | \bв\s+какой\s+срок\b""",
        _I,
    ),
    "money": re.compile(
        r"""\bhow\s+much\b.{0,60}\b(?:cost|pay|paid|price|fee|worth|earn|spen[dt]|money|charge)
        | \b(?:price|cost|fee|salary|limit|per\s+diem)\b.*\?
        | \bсколько\s+(?:стоит|стоят|стоил\w*|плат\w+|денег) | \bкак\w+\s+(?:цена|стоимость)""",
        _I,
    ),
    "number": re.compile(
        r"""\bhow\s+(?:many|much|old|tall|high|large|big|far|deep|wide|heavy)\b
        | \bwhat\s+(?:\w+\s+)?(?:percent\w*|number|amount|share|population)\b
        | \bсколько\b | \bскольки\b | \bкак(?:ой|ая|ое|ова|ов|ово|им)\s+(?:\w+\s+)?(?:процент|
        числ[оа]|количеств\w+|дол[яю]|численность|возраст)""",
        _I,
    ),
    "when": re.compile(
        r"""\bwhen\b(?!\s+\w+ing\b)(?=.*\b(?:did|was|were|is|are|does|do|will|has|have|the|to)\b)
        | \b(?:what|which)\s+(?:year|date|day|month|century|decade|time)\b
        | \bкогда\b | \bв\s+как(?:ом|ой|ие)\s+(?:году|день|дни|месяце|веке|месяц)
        | \bкако(?:го|й)\s+(?:числа|день) | \bна\s+как(?:ой|ую)\s+(?:день|дату)""",
        _I,
    ),
    "who": re.compile(
        r"""\b(?:who|whom|whose)\b | \b(?:what|which)\s+(?:person|man|woman|people|king|
        queen|president|author|company|team|organi[sz]ation)\b
        | \bкто\b | \bкого\b | \bкому\b | \bкем\b | \bчь(?:я|ё|и|ей|им)\b | \bкак\s+звали\b""",
        _I,
    ),
    "where": re.compile(
        r"""\bwhere\b | \b(?:what|which)\s+(?:city|country|town|state|place|region|island|
        continent|river)\b | \bгде\b | \bкуда\b | \bоткуда\b
        | \bв\s+как(?:ом|ой)\s+(?:городе|стране|штате|месте|регионе|области)""",
        _I,
    ),
}
_MONTH = (
    r"(?:january|february|march|april|may|june|july|august|september|october|november|december"
    r"|январ[яье]|феврал[яье]|март[ае]?|апрел[яье]|ма[яйе]|июн[яье]|июл[яье]|август[ае]?"
    r"|сентябр[яье]|октябр[яье]|ноябр[яье]|декабр[яье])"
)
_UNIT = (
    r"(?:seconds?|minutes?|min|hours?|h|days?|weeks?|months?|years?|decades?|centur(?:y|ies)"
    r"|секунд\w*|минут\w*|час(?:а|ов|ы)?|дн(?:я|ей|и)|день|сут(?:ки|ок)|недел\w+|месяц\w*"
    r"|год(?:а|ы|ов)?|лет|декад\w*|век(?:а|ов)?)"
)
_WORD_NUMBER = (
    r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty"
    r"|hundreds?|thousands?|millions?|billions?|half|third|quarter|dozen|twice|double"
    r"|один|одна|одну|два|две|двух|три|трёх|трех|четыре\w*|пят[ьи]|шест[ьи]|семь|семи|восемь|восьми"
    r"|девят[ьи]|десят[ьи]|двадцат[ьи]|тридцат[ьи]|сто|тысяч\w*|миллион\w*|миллиард\w*|половин\w+"
    r"|трет[ьи]|четверт[ьи]|дважды|вдвое)"
)
_HOLDS: Mapping[str, re.Pattern[str]] = {
    "often": re.compile(
        r"\b(?:every|each|daily|weekly|monthly|yearly|annual\w*|quarterly|once|twice|times)\b"
        r"|\b(?:кажд\w+|ежедневн\w*|еженедельн\w*|ежемесячн\w*|ежегодн\w*|ежеквартальн\w*|раз)\b",
        re.IGNORECASE,
    ),
    "long": re.compile(rf"(?:\d|\b{_WORD_NUMBER})[\w.,-]*\s+(?:\w+\s+)?{_UNIT}\b", re.IGNORECASE),
    "money": re.compile(
        r"[$€£₽₸]\s?\d|\d[\d\s.,]*\s*(?:million|billion|млн|млрд|тыс)?\.?\s*(?:[$€£₽₸]|EUR|USD|KZT"
        r"|RUB|dollars?|euros?|pounds?|cents?|руб\w*|тенге|доллар\w*|евро)|(?:EUR|USD|KZT|RUB)\s?\d"
        r"|\bfree\b|бесплатн",
        re.IGNORECASE,
    ),
    "number": re.compile(rf"\d|\b{_WORD_NUMBER}\b", re.IGNORECASE),
    "when": re.compile(
        rf"\b(?:1\d|20)\d\d\b|\b{_MONTH}\b|\b\d{{1,2}}:\d\d\b|\b\d{{1,2}}\.\d\d\.\d{{2,4}}"
        r"|\b(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b|\b\d+(?:st|nd|rd|th)\b"
        r"|\b(?:понедельник|вторник|сред[ауы]|четверг|пятниц|суббот|воскресень)\w*"
        r"|\b(?:century|decade|spring|summer|autumn|winter)\b|\b(?:век|веке|века)\b",
        re.IGNORECASE,
    ),
}
_CAPITAL = re.compile(r"(?<![.!?…]\s)(?<!^)(?<!^[\"«“(])\b[A-ZА-ЯЁ][\w'’-]+")
_FIRST = re.compile(r"^\W*([A-ZА-ЯЁ][\w'’-]+)\s+[A-ZА-ЯЁ]")
_ROLE = re.compile(
    r"\b(?:manager|head|director|officer|controller|engineer|team|department|committee|supervisor"
    r"|employee|staff|owner|руководител\w+|начальник\w*|директор\w*|инженер\w*|отдел\w*|служб\w+"
    r"|комисси\w+|сотрудник\w*|бухгалтер\w*|диспетчер\w*)\b",
    re.IGNORECASE,
)


def wanted(question: str) -> str:
    """The kind of answer; empty where the question does not say."""
    return next((kind for kind, asks in _KINDS.items() if asks.search(question)), "")


def holds(kind: str, text: str, question: str) -> bool:
    """Whether a sentence holds something of the kind that the question does not hold itself."""
    if kind in _HOLDS:
        known = {found.group().casefold() for found in _HOLDS[kind].finditer(question)}
        return any(f.group().casefold() not in known for f in _HOLDS[kind].finditer(text))
    held = normalize(question)
    names = [*_CAPITAL.findall(text), *_FIRST.findall(text)]
    new = any(normalize(name)[: max(3, len(name) - 2)] not in held for name in names)
    return new or (kind == "who" and _ROLE.search(text) is not None)

"""Words by which `rag/claims.py` reads English and Russian sentences: data, nothing else."""

import re

NUMBERS = {
    word: value
    for value, words in (
        (2, "two twice два две двух двум двумя дважды"),
        (3, "three three три трех трем тремя трижды"),
        (4, "four четыре четырех четырем четырьмя"),
        (5, "five пять пяти пятью"),
        (6, "six шесть шести шестью"),
        (7, "seven семь семи семью"),
        (8, "eight восемь восьми восемью"),
        (9, "nine девять девяти девятью"),
        (10, "ten десять десяти десятью"),
        (11, "eleven одиннадцать одиннадцати"),
        (12, "twelve двенадцать двенадцати"),
        (14, "fourteen четырнадцать четырнадцати"),
        (15, "fifteen пятнадцать пятнадцати"),
        (20, "twenty двадцать двадцати"),
        (30, "thirty тридцать тридцати"),
        (40, "forty сорок сорока"),
        (50, "fifty пятьдесят пятидесяти"),
        (60, "sixty шестьдесят шестидесяти"),
        (90, "ninety девяносто девяноста"),
        (100, "hundred сто ста"),
        (1, "once однажды"),
    )
    for word in words.split()
}
"""Numbers in words; `one` counts only before a unit."""

SCALES = (
    ("thousand тыс", 1e3),
    ("million mln млн миллион", 1e6),
    ("billion bn млрд миллиард", 1e9),
)

_DURATIONS = (
    ("second", "second sec секунд", 1 / 86400, 1 / 86400),
    ("minute", "minute min минут мин", 1 / 1440, 1 / 1440),
    ("hour", "hour hr час", 1 / 24, 1 / 24),
    ("day", "day день дня дней дни дн сут", 1, 1),
    ("week", "week недел нед", 7, 7),
    ("month", "month месяц мес", 28, 31),
    ("quarter", "quarter квартал", 89, 92),
    ("year", "year yr год года году годов годам лет", 365, 366),
)
DURATIONS = {unit: (low, high) for unit, _, low, high in _DURATIONS}
"""Days in each unit of time, at least and at most."""
_CURRENCIES = (
    ("eur", "eur euro € евро"),
    ("usd", "usd dollar $ доллар"),
    ("rub", "rub rubl rouble ₽ руб"),
    ("gbp", "gbp pound £ фунт"),
    ("kzt", "kzt tenge тенге"),
    ("percent", "% percent процент"),
)
CURRENCIES = {sign: kind for kind, words in _CURRENCIES for sign in words.split()}


def unit_of(word: str) -> tuple[str, str]:
    """Kind of quantity that a word after a number makes, and the unit of time; empty if none."""
    for unit, words, _, _ in _DURATIONS:
        if _begins(word, words):
            return "duration", unit
    for kind, words in _CURRENCIES:
        if _begins(word, words):
            return kind, ""
    return "", ""


def _begins(word: str, known: str) -> bool:
    endings = 2 if word.isascii() else 4
    return any(word.startswith(k) and len(word) - len(k) <= endings for k in known.split())


def _patterns(*pairs: tuple[str, str]) -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple(
        (name, re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE)) for name, words in pairs
    )


BOUNDS = _patterns(
    ("≤", r"(?:no|not) (?:more|later|longer|greater|higher) than|(?:must|may|can|should) not exceed"
          r"|not exceed(?:ing)?|at most|up to|maximum(?: of)?|not to exceed|within|less than|under"
          r"|не (?:более|больше|позднее|позже|дольше|выше)(?: чем)?(?: за| через)?"
          r"|не превыша\w+|максимум|в течение"
          r"|до(?= ?\d)|менее|меньше"),
    ("≥", r"(?:no|not) (?:less|fewer|earlier|shorter|lower|sooner) than|at least|a minimum of"
          r"|minimum(?: of)?|more than|over(?= ?\d)|from(?= ?\d)"
          r"|не (?:менее|меньше|ранее|раньше|короче|ниже)(?: чем)?(?: за| через)?|минимум"
          r"|более|больше|свыше|от(?= ?\d)"),
    ("≈", r"about|approximately|around|roughly|nearly|almost|circa|около|примерно|почти"
          r"|приблизительно"),
)  # fmt: skip
"""Before a number: at most, at least, about. In this order: `no more than` holds `more than`."""

PERIODS = _patterns(
    ("1 year", "annually|yearly|every year|each year|ежегодно|раз в год|каждый год"),
    ("3 months", "quarterly|every quarter|each quarter|ежеквартально|раз в квартал|каждый квартал"),
    ("1 month", "monthly|every month|each month|ежемесячно|раз в месяц|каждый месяц"),
    ("1 week", "weekly|every week|each week|еженедельно|раз в неделю|каждую неделю"),
    ("1 day", "daily|every day|each day|ежедневно|каждый день"),
    (
        "6 months",
        "half-yearly|semi-annually|twice a year|каждые полгода|раз в полгода|дважды в год|полгода",
    ),
)
"""Words that are quantities of time."""

_CAN = r"(?:allowed|permitted|possible|acceptable)"
STANCES = _patterns(
    ("must not", rf"(?:is|are|was|were)? ?not {_CAN}|(?:must|may|can|should|shall) not(?: be)?"
                 rf"|cannot(?: be)?"
                 r"|can't|mustn't|mayn't|(?:is|are) (?:prohibited|forbidden|banned)|prohibited"
                 r"|forbidden"
                 r"|не (?:разреш\w+|допуска\w+|могут|может|вправе|должн\w+|следует)|нельзя"
                 r"|запрещ\w+|недопустим\w*"),
    ("need not", r"(?:is|are)? ?not (?:required|mandatory|necessary|needed|obligatory)|need not"
                 r"|needn't|(?:do|does) not (?:need|have) to|(?:is|are) optional|optional|voluntary"
                 r"|не (?:требу\w+|обязательн\w+|обязан\w*|нуж\w+|необходим\w*)"
                 r"|необязательн\w+|добровольн\w+"),
    ("not", r"(?:do|does|did|is|are|was|were|has|have|had|will|would) not|\w+n't|not|never"
            r"|no longer"
            r"|не|никогда"),
    ("must", r"must(?: be)?|shall(?: be)?|(?:is|are) (?:required|mandatory|obligatory"
             r"|necessary|obliged)(?: to)?"
             r"|required|mandatory|(?:has|have) to|обязан\w*|обязательн\w*|должн\w+"
             r"|необходим\w*|требуется"),
    ("may", rf"may(?: be)?|can(?: be)?|(?:is|are) {_CAN}|{_CAN}|разреш\w+|допуска\w+|можно"
            rf"|могут|может|вправе"),
)  # fmt: skip
"""What a sentence demands or denies, the first that is found."""
OPPOSED = (
    frozenset({"must not", "may"}),
    frozenset({"must not", "must"}),
    frozenset({"need not", "must"}),
    frozenset({"not", ""}),
)
"""Stances that contradict each other."""

LABELS = re.compile(
    r"(?<!\w)(?:section|article|clause|step|page|table|figure|fig|room|floor|level|version"
    r"|chapter|annex|"
    r"appendix|form|line|building|phase|part|item|point|раздел\w*|стать\w+|пункт\w*|п|шаг\w*"
    r"|страниц\w*|"
    r"табл\w*|рис\w*|кабинет\w*|этаж\w*|верси\w+|глав\w+|приложени\w+|форм\w+|№|no|категори\w+|"
    r"category|grade|class|tier|zone|зон\w+|класс\w*|уров\w+)\.?\s*(?:№\s*)?(?=\d)",
    re.IGNORECASE,
)
"""Before a number that names something and counts nothing."""

LIGHT = """entitled entitlement get gets receive given gives granted grant have has had set sets
amount amounts total totals equal equals last lasts lasting take taken takes period periods
length duration
long currently current now new standard usual usually normal normally general generally regular
regularly every each per all whole minimum maximum use used using provide provided apply applies
applied need needs available following accordance follow number company organisation organization
now today present valid effective starting make made come comes also however please employer one
policy policies handbook manual guide rule rules regulation regulations procedure procedures
document documents instruction instructions draft final version revised revision updated old
copy archive edition limit limited fixed sum value worth rate be been being calendar employee
составляет составляют составит равен равна равно равняется установлен установлена установлено
устанавливается предоставляется предоставляются предоставляет положен положено положены полагается
полагаются получает получают получить имеет имеют иметь длится длительность продолжительность срок
сроки размер сумма течение каждый каждая каждое каждые любой текущий новый настоящий настоящее время
действует действуют действовать применяется применяются обычно стандартный стандартная является
являются быть общий общая количество число всего согласно соответствии компания организация общество
положение положения регламент порядок правила правило инструкция инструкции руководство документ
политика редакция версия черновик архив копия старый старая один одного одна одной также работник
календарных календарный календарные сотрудник лимит предел продолжаться считается значение"""
"""Words of no weight: verbs of setting and having, kinds of documents, who works here."""

SYNONYMS = """employee staff worker personnel employees
сотрудник работник персонал сотрудники работники
leave vacation holiday
store keep retain preserve kept stored retained
submit file send submitted filed sent
warranty guarantee
price cost fee charge costs
pay paid payment
reply respond response answer
review reviewed revise
laptop notebook
хранить храниться хранится хранятся хранение
подать подается подаются подача направить направляется
цена стоимость стоит
оплатить оплачивается оплата выплатить выплачивается"""
"""A line each of words that are compared as one."""

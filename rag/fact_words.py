"""Word lists for checking facts, English and Russian: months, number words, units, opposites.

Lower case, `е` for `ё`. Lists, not rules: a word that is missing is compared by its stem.
"""


def _numbered(lines: str) -> dict[str, int]:
    """One line for each number, from 1, of all the ways to write it."""
    found: dict[str, int] = {}
    for number, line in enumerate(lines.strip().splitlines(), 1):
        found |= dict.fromkeys(line.split(), number)
    return found


MONTHS = _numbered("""
january jan январь января январе январю январем
february feb февраль февраля феврале февралю февралем
march mar март марта марте марту мартом
april apr апрель апреля апреле апрелю апрелем
may май мая мае маю маем
june jun июнь июня июне июню июнем
july jul июль июля июле июлю июлем
august aug август августа августе августу августом
september sep sept сентябрь сентября сентябре сентябрю сентябрем
october oct октябрь октября октябре октябрю октябрем
november nov ноябрь ноября ноябре ноябрю ноябрем
december dec декабрь декабря декабре декабрю декабрем
""")

WEEKDAYS = _numbered("""
monday mondays понедельник понедельника понедельнику понедельникам
tuesday tuesdays вторник вторника вторнику вторникам
wednesday wednesdays среду
thursday thursdays четверг четверга четвергу четвергам
friday fridays пятница пятницу пятницы пятнице пятницам
saturday saturdays суббота субботу субботы субботе субботам
sunday sundays воскресенье воскресенья воскресеньям
""")

NUMBER_WORDS = _numbered("""
first первый первого первая первой первом первую первые первых
two second twice два две двух двум двумя второй вторая второго вторую втором двое дважды двоих
three third thrice три трех трем тремя третий третья третьего третью третьем трое трижды троих
four fourth четыре четырех четырем четвертый четвертого четвертая четвертой четверо
five fifth пять пяти пятью пятый пятого пятая пятой пятом
six sixth шесть шести шестью шестой шестого шестая шестом
seven seventh семь семи семью седьмой седьмого седьмая седьмом
eight eighth восемь восьми восемью восьмой восьмого восьмая восьмом
nine ninth девять девяти девятью девятый девятого девятая девятом
ten tenth десять десяти десятью десятый десятого десятая десятом
eleven eleventh одиннадцать одиннадцати
twelve twelfth двенадцать двенадцати
thirteen thirteenth тринадцать тринадцати
fourteen fourteenth четырнадцать четырнадцати
fifteen fifteenth пятнадцать пятнадцати
sixteen sixteenth шестнадцать шестнадцати
seventeen seventeenth семнадцать семнадцати
eighteen eighteenth восемнадцать восемнадцати
nineteen nineteenth девятнадцать девятнадцати
""") | {
    word: number
    for number, line in {
        20: "twenty twentieth двадцать двадцати двадцатого двадцатый",
        30: "thirty тридцать тридцати",
        40: "forty сорок сорока",
        50: "fifty пятьдесят пятидесяти",
        60: "sixty шестьдесят шестидесяти",
        70: "seventy семьдесят семидесяти",
        80: "eighty восемьдесят восьмидесяти",
        90: "ninety девяносто",
        200: "двести двухсот",
        300: "триста трехсот",
        400: "четыреста",
        500: "пятьсот пятисот",
    }.items()
    for word in line.split()
}
"""`one` is left out: it is a pronoun as often as a number."""

SCALES = {
    word: value
    for value, line in {
        100: "hundred",
        1_000: "thousand тысяча тысячи тысяч тыс",
        1_000_000: "million миллион миллиона миллионов млн",
        1_000_000_000: "billion миллиард миллиарда миллиардов млрд",
        1_000_000_000_000: "trillion триллион триллиона триллионов трлн",
    }.items()
    for word in line.split()
}

UNITS = {
    word: name
    for name, line in {
        "%": "% percent percentage процент процента процентов процентам процентах проц",
        "dollar": "$ usd dollar dollars доллар доллара долларов долларах долл",
        "euro": "€ eur euro euros евро",
        "pound": "£ gbp фунт фунта фунтов",
        "rouble": "₽ rub руб рубль рубля рублей рублях рублем ruble rubles roubles",
        "yen": "¥ jpy yen иен иены",
        "yuan": "cny yuan юаней юаня",
        "tenge": "kzt tenge тенге",
        "second": "seconds sec секунда секунды секунд секунду сек",
        "minute": "minute minutes min минута минуты минут минуту мин",
        "hour": "hour hours hr hrs час часа часов часах",
        "day": "day days день дня дней днях",
        "week": "week weeks неделя недели недель неделю неделях",
        "month": "month months месяц месяца месяцев месяцах",
        "year": "year years год года лет году годы годах",
        "decade": "decade decades десятилетие десятилетия десятилетий",
        "century": "century centuries век века веков веке столетие столетия столетии",
        "metre": "metre metres meter meters метр метра метров метрах",
        "kilometre": "km kilometre kilometres kilometer kilometers км километр километров",
        "centimetre": "cm centimetre centimetres centimeters см сантиметр сантиметра сантиметров",
        "millimetre": "mm millimetre millimeters мм миллиметр миллиметра миллиметров",
        "mile": "mile miles миля мили миль",
        "foot": "feet ft фут фута футов",
        "inch": "inch inches дюйм дюйма дюймов",
        "kilogram": "kg kilogram kilograms кг килограмм килограмма килограммов",
        "gram": "gram grams грамм грамма граммов",
        "tonne": "ton tons tonne tonnes тонна тонны тонн",
        "byte": "byte bytes байт байта байтов",
        "kilobyte": "kb кб килобайт",
        "megabyte": "mb мб мегабайт",
        "gigabyte": "gb гб гигабайт",
    }.items()
    for word in line.split()
} | {"per cent": "%"}

_NEGATIONS = """
cannot neither never no nobody none nor not nothing nowhere without без не нельзя нет ни никак
никогда никто ничего ничто
"""
_NEGATIVE = """
absence absent avoid barely cease denied deny despite except fail failed fails few forbidden
hardly impossible instead lack lacked lacking lacks little only prevent prevents prohibited
rarely rather refuse refused refuses seldom stopped unable unless unlike вместо едва запрещается
запрещен запрещено кроме лишь мало невозможно отказ отказалась отказались отказался отсутствие
отсутствует отсутствуют редко только
"""
_OPPOSITES = """
before prior | after following;
greater higher larger more | fewer less lower smaller;
grew increase increased increases increasing rise rose | decrease decreased decreases decreasing
fall fell reduced;
max maximum most | least min minimum;
above over | below under;
earliest first | last latest;
always usually | never rarely;
all each every | no none some;
mandatory must required shall | optional;
allowed may permitted | forbidden prohibited;
include included includes including | exclude excluded excludes excluding;
accept accepted accepts | reject rejected rejects;
began begin begins start started starts | end ended ends finish finished;
win wins won | lose loses lost;
enable enabled enables enabling | disable disabled disables disabling;
north northern | south southern;
east eastern | west western;
positive | negative;
inside internal | external outside;
early | late;
success successful successfully | failure unsuccessful unsuccessfully;
high | low;
big bigger biggest greatest large larger largest | small smaller smallest tiny;
best better | worse worst;
highest | lowest;
longest | shortest;
old older oldest | newest young younger youngest;
strong stronger strongest | weak weaker weakest;
many | few;
long longer | short shorter;
with | without;
до | после;
более больше | менее меньше;
увеличение увеличивает увеличивается увеличил увеличилась увеличилось увеличить | уменьшает
уменьшается уменьшение уменьшил уменьшилась уменьшилось уменьшить;
выше свыше | ниже;
максимальная максимальное максимальный максимум | минимальная минимальное минимальный минимум;
первая первое первый первым | последнее последний последним последняя;
всегда | никогда;
все всех каждая каждый | никто;
обязан обязательно обязательный | необязательно необязательный;
можно разрешается разрешено | запрещается запрещено нельзя;
включает включая включить | исключает исключая исключить;
началась начало началось начался | закончилась закончилось закончился конец;
выиграл выиграла выиграли победил | проиграл проиграла проиграли;
север севере северного северной северный | юг юге южного южной южный;
восток востоке восточного восточной восточный | запад западе западного западной западный;
положительно положительный | отрицательно отрицательный;
внутренний внутри | внешний снаружи;
ранний рано | поздний поздно;
высокая высокий высокое | низкая низкий низкое;
большая большие большое большой крупная крупнейшая крупнейший крупнейшим крупнейших крупный |
маленький малый мелкий мельчайший мельчайших наименьший небольшая небольшие небольшое небольшой;
лучше лучший | худший хуже;
сильнее сильный | слабее слабый;
много | мало;
с | без
"""

NEGATIONS = frozenset(_NEGATIONS.split())

NEGATIVE = frozenset(_NEGATIVE.split())
"""Words that may say in another way what a negation says."""

OPPOSITES = tuple(
    tuple(frozenset(side.split()) for side in pair.split("|")) for pair in _OPPOSITES.split(";")
)
"""Pairs of sets: a word of one in the place of a word of the other says the opposite."""

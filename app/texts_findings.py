"""What the quality report's findings say to people, English and Russian (see `app/texts.py`).

Plural forms are of the number of pages.
"""

STRINGS: dict[str, tuple[str, str]] = {
    "find.none": (
        "Everything was read; nothing to check.",
        "Всё прочитано, проверять нечего.",
    ),
    "find.unread.one": (
        "Page {pages} is a picture that was not recognised: its text is missing from answers.",
        "Страница {pages} — картинка, её текст не распознан и в ответы не попадёт.",
    ),
    "find.unread.many": (
        "Pages {pages} are pictures that were not recognised: their text is missing from answers.",
        "Страницы {pages} — картинки, их текст не распознан и в ответы не попадёт.",
    ),
    "find.no_text.one": ("Page {pages} holds no text.", "На странице {pages} нет текста."),
    "find.no_text.many": ("Pages {pages} hold no text.", "На страницах {pages} нет текста."),
    "find.recognised.one": (
        "Page {pages} was recognised from a picture (confidence {percent} %).",
        "Страница {pages} распознана с картинки (уверенность {percent} %).",
    ),
    "find.recognised.many": (
        "Pages {pages} were recognised from pictures (confidence {percent} %).",
        "Страницы {pages} распознаны с картинок (уверенность {percent} %).",
    ),
    "find.ocr_unsure.one": (
        "Page {pages} was hard to recognise: its words may be wrong (confidence {percent} %).",
        "Страница {pages} распознана плохо, слова могут быть неверны (уверенность {percent} %).",
    ),
    "find.ocr_unsure.many": (
        "Pages {pages} were hard to recognise: words may be wrong (lowest confidence {percent} %).",
        "Страницы {pages} распознаны плохо, слова могут быть неверны "
        "(наименьшая уверенность {percent} %).",
    ),
    "find.garbled": (
        "Letters look garbled in {percent} % of the text.",
        "Буквы искажены в {percent} % текста.",
    ),
    "find.garbled.one": (
        "Letters on page {pages} look garbled ({percent} % of the document).",
        "Буквы на странице {pages} искажены ({percent} % документа).",
    ),
    "find.garbled.many": (
        "Letters on pages {pages} look garbled ({percent} % of the document).",
        "Буквы на страницах {pages} искажены ({percent} % документа).",
    ),
    "find.broken_table": ("Tables: {number} {fault}.", "Таблиц: {number} — {fault}."),
    "find.broken_table.one": (
        "Tables on page {pages}: {number} {fault}.",
        "Таблиц на странице {pages}: {number} — {fault}.",
    ),
    "find.broken_table.many": (
        "Tables on pages {pages}: {number} {fault}.",
        "Таблиц на страницах {pages}: {number} — {fault}.",
    ),
    "find.fault.ragged": (
        "with rows of different lengths",
        "строки разной длины",
    ),
    "find.fault.one_column": ("with one column only", "всего одна колонка"),
    "find.fault.empty": ("with most cells empty", "почти все ячейки пусты"),
    "find.instructions": (
        "These words seem meant for a language model: “{detail}”",
        "Эти слова, похоже, обращены к языковой модели: «{detail}»",
    ),
    "find.instructions.one": (
        "Words on page {pages} seem meant for a language model: “{detail}”",
        "Слова на странице {pages}, похоже, обращены к языковой модели: «{detail}»",
    ),
    "find.instructions.many": (
        "Words on pages {pages} seem meant for a language model: “{detail}”",
        "Слова на страницах {pages}, похоже, обращены к языковой модели: «{detail}»",
    ),
    "find.instructions.hidden": ("text that people cannot see", "текст, невидимый для людей"),
    "find.skipped": ("Left out: {detail}", "Пропущено: {detail}"),
    "find.duplicate": ("Same content as {name}.", "То же содержание, что в {name}."),
    "find.near_duplicate": (
        "Nearly the same text as {name} ({percent} % alike). "
        "If one of them is out of date, delete it.",
        "Почти тот же текст, что в {name} (сходство {percent} %). "
        "Если один из них устарел, удалите его.",
    ),
    "find.hidden": (
        "a document that you may not read",
        "документе, который вам недоступен",
    ),
    "find.other_language": (
        "{percent} % of the text is neither English nor Russian: answers from it may be weak.",
        "{percent} % текста не на русском и не на английском: ответы по нему могут быть слабыми.",
    ),
    "find.other": ("Finding: {code}", "Находка: {code}"),
    "find.languages": ("Languages: {shares}", "Языки: {shares}"),
    "find.language.en": ("English {percent} %", "английский {percent} %"),
    "find.language.ru": ("Russian {percent} %", "русский {percent} %"),
    "find.language.": ("other {percent} %", "другие {percent} %"),
    "find.severity.note": ("Good to know", "К сведению"),
    "find.severity.warning": ("To check", "Проверить"),
    "find.severity.serious": ("Serious", "Серьёзно"),
}

"""Every string that the pages and the API show to people, in English and Russian side by side.

Knows nothing of documents: text from them is escaped where it is shown (`app/markup.py`).
"""

from collections.abc import Callable
from typing import Literal

from app import texts_answers as answers
from app import texts_documents as documents
from app import texts_evaluation as evaluation
from app import texts_explain as explain
from app import texts_findings as findings
from rag.answers import Citation, Support
from rag.types import Passage

Language = Literal["en", "ru"]
LANGUAGES: dict[Language, str] = {"en": "English", "ru": "Русский"}
Texts = Callable[..., str]
"""`texts(key, **values)`: the string of that key."""

# key: (English, Russian)
_STRINGS: dict[str, tuple[str, str]] = {
    **answers.STRINGS,
    **documents.STRINGS,
    **evaluation.STRINGS,
    **explain.STRINGS,
    **findings.STRINGS,
    "nav.language": ("en", "ru"),
    "nav.ask": ("Ask", "Вопросы"),
    "nav.documents": ("Documents", "Документы"),
    "nav.traces": ("Traces", "Трассы"),
    "nav.evaluation": ("Evaluation", "Качество"),
    "side.language": ("Language", "Язык"),
    "side.as": ("Answer as", "Отвечать для"),
    "side.as.own": ("my groups ({groups})", "мои группы ({groups})"),
    "side.model": ("Written by {model}", "Пишет модель {model}"),
    "side.no_model": (
        "No language model is set: answers are quotes from the documents.",
        "Языковая модель не задана: ответы состоят из цитат.",
    ),
    "side.ollama": (
        "Ollama runs on this machine. To let it write the answers, set these and restart:",
        "На этой машине работает Ollama. Чтобы ответы писала она, задайте и перезапустите:",
    ),
    "ask.tagline": (
        "Answers from your organisation's documents, with the place to check them.",
        "Ответы по документам вашей организации — с местом, где их можно проверить.",
    ),
    "ask.tagline.none": (
        "There are no documents yet. Add some on the Documents page.",
        "Документов пока нет. Добавьте их на странице «Документы».",
    ),
    "ask.examples": ("For example", "Например"),
    "ask.input": ("Ask the documents", "Спросите у документов"),
    "ask.new": ("New conversation", "Новая беседа"),
    "ask.searching": ("Searching {count} documents…", "Ищу в документах: {count}…"),
    "ask.reading": ("Reading {count} passages…", "Читаю фрагменты: {count}…"),
    "ask.copy": ("Copy", "Копировать"),
    "ask.failed": (
        "The answer could not be finished. {reason}",
        "Не удалось закончить ответ. {reason}",
    ),
    "ask.stopped": ("Stopped before the answer was complete.", "Остановлено до конца ответа."),
    "ask.empty": (
        "The question is empty: type what you want to know.",
        "Вопрос пуст: напишите, что вы хотите узнать.",
    ),
    "ask.too_long": (
        "The question is longer than {limit} characters. Shorten it and ask again.",
        "Вопрос длиннее {limit} знаков. Сократите его и спросите снова.",
    ),
    "ask.page": ("p. {page}", "с. {page}"),
    "ask.closest": ("Closest passages", "Ближайшие фрагменты"),
    "ask.refused": (
        "The documents do not answer this.",
        "В документах нет ответа на этот вопрос.",
    ),
    "ask.searched": (
        "Documents searched: {count}. Nothing in them is close enough to the question to stand on.",
        "Просмотрено документов: {count}. Ни один фрагмент не отвечает на вопрос.",
    ),
    "ask.searched.none": (
        "There are no documents that you may read.",
        "Нет документов, доступных вам для чтения.",
    ),
    "mode.extractive": (
        "Quoted word for word from the documents",
        "Дословные цитаты из документов",
    ),
    "mode.written": (
        "Written from the documents, each sentence checked",
        "Составлено по документам, каждое предложение проверено",
    ),
    "support.quoted": ("Stands in the document word for word", "Дословно есть в документе"),
    "support.supported": ("Supported by the cited passage", "Подтверждается фрагментом"),
    "support.partly": ("Only partly supported", "Подтверждается лишь отчасти"),
    "support.unsupported": ("Not supported by the documents", "Документами не подтверждается"),
    "notice.model_unavailable": (
        "The language model did not answer, so these are quotes from the documents.",
        "Языковая модель не ответила, поэтому здесь цитаты из документов.",
    ),
    "notice.model_interrupted": (
        "The language model stopped in the middle. What it had said is kept.",
        "Языковая модель прервалась. То, что она успела сказать, сохранено.",
    ),
    "notice.model_unsupported": (
        "What the language model wrote is not supported by the documents, so these are quotes.",
        "Написанное языковой моделью не подтверждается документами, поэтому здесь цитаты.",
    ),
    "notice.other": ("Note: {code}", "Примечание: {code}"),
    "cite.page": ("Page {page} of {pages}", "Страница {page} из {pages}"),
    "cite.open": ("Open the original", "Открыть оригинал"),
    "cite.download": ("Download the original", "Скачать оригинал"),
    "cite.context": ("Text around it", "Текст вокруг"),
    "cite.quote": ("The quote", "Цитата"),
    "cite.gone": (
        "This document has been removed since, or may no longer be shown.",
        "Этот документ с тех пор удалён или больше недоступен.",
    ),
    "cite.newer": (
        "This document has a newer version. The quote is from the one that was asked.",
        "У документа есть более новая версия. Цитата — из той, по которой дан ответ.",
    ),
    "cite.not_marked": (
        "The exact place on the page could not be marked; the quote is beside it.",
        "Точное место на странице отметить не удалось; цитата — рядом.",
    ),
    "traces.empty": (
        "No questions yet. Each one leaves a trace here.",
        "Вопросов пока не было. Каждый оставляет здесь трассу.",
    ),
    "traces.question": ("Question", "Вопрос"),
    "traces.when": ("When", "Когда"),
    "traces.took": ("Milliseconds", "Миллисекунды"),
    "traces.outcome": ("Outcome", "Итог"),
    "outcome.written": ("written", "составлен"),
    "outcome.extractive": ("quotes", "цитаты"),
    "outcome.refused": ("refused", "отказ"),
    "outcome.": ("—", "—"),
    "traces.passages": ("Passages", "Фрагменты"),
    "traces.document": ("Document", "Документ"),
    "traces.page": ("Page", "Страница"),
    "traces.score": ("Score", "Оценка"),
    "traces.similarity": ("Similarity", "Сходство"),
    "traces.text": ("Text", "Текст"),
    "traces.section": ("Section", "Раздел"),
    "traces.prompt": ("Prompt", "Запрос к модели"),
    "traces.details": ("All details", "Все подробности"),
    "traces.id": ("Trace {id}", "Трасса {id}"),
    "page.error": (
        "Something went wrong on this page. The server's log has the details. Try again.",
        "На этой странице что-то пошло не так. Подробности в журнале сервера. Попробуйте ещё раз.",
    ),
    "api.sources": ("Sources", "Источники"),
}

EXAMPLES: dict[Language, tuple[str, ...]] = {
    "en": (
        "What is the per diem in Kazakhstan?",
        "How many characters must a password have?",
        "How many days of annual leave do I have?",
        "What does error E23 mean?",
    ),
    "ru": (
        "Какие суточные по Казахстану?",
        "Какой длины должен быть пароль?",
        "Какова продолжительность ежегодного отпуска?",
        "Сколько длится гарантия на анализатор V400?",
    ),
}
"""Questions that the sample organisation's documents answer."""


def texts(language: Language) -> Texts:
    """The strings of one language, as a function of key and values.

    A key with plural forms is asked for without their ending, with a `count`. Calling it raises
    KeyError for an unknown key or a value that the string needs.
    """
    index = list(LANGUAGES).index(language)

    def text(key: str, **values: object) -> str:
        count = values.get("count")
        if isinstance(count, int) and f"{key}.one" in _STRINGS:
            form = f"{key}.{plural_form(language, count)}"
            key = form if form in _STRINGS else f"{key}.many"
        return _STRINGS[key][index].format(**values)

    return text


def has_text(key: str) -> bool:
    """Whether there is a string of this key, in any of its forms."""
    return key in _STRINGS or f"{key}.one" in _STRINGS


def plural_form(language: Language, count: int) -> str:
    """`one`, `few` or `many`, as the language counts (CLDR; English says `many` for its other)."""
    if language == "en":
        return "one" if count == 1 else "many"
    if count % 10 == 1 and count % 100 != 11:
        return "one"
    few = count % 10 in (2, 3, 4) and count % 100 not in (12, 13, 14)
    return "few" if few else "many"


def language_from(locale: str | None) -> Language:
    """The language for a browser's locale such as `ru-RU`; English where it is neither."""
    return "ru" if (locale or "").lower().startswith("ru") else "en"


def support_words(text: Texts, support: Support) -> str:
    """What a level of support means."""
    return text(f"support.{support.value}")


def notice_words(text: Texts, code: str) -> str:
    """A notice code of an answer as a sentence; an unknown one is shown as it is."""
    known = f"notice.{code}"
    return text(known) if known in _STRINGS else text("notice.other", code=code)


def cited_page(citation: Citation) -> int:
    """The page of the quote: the first with a highlight, else the chunk's first; 0 for none."""
    pages = [box.page for box in citation.boxes]
    return min(pages, default=citation.passage.chunk.page_from)


def place(text: Texts, name: str, page: int) -> str:
    """Where something stands: the document's name, and the page where there are pages."""
    return f"{name}, {text('ask.page', page=page)}" if page else name


def cited_place(text: Texts, citation: Citation) -> str:
    """Where a quote stands."""
    return place(text, citation.passage.document.name, cited_page(citation))


def passage_place(text: Texts, passage: Passage) -> str:
    """Where a passage begins."""
    return place(text, passage.document.name, passage.chunk.page_from)

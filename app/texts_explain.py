"""The Explain page's strings, in English and Russian (see `app/texts.py`)."""

STRINGS: dict[str, tuple[str, str]] = {
    "nav.explain": ("Explain", "Разбор"),
    "explain.lead": (
        "Why a document did or did not take part in an answer. The question is searched again.",
        "Почему документ вошёл в ответ или нет. Поиск по вопросу выполняется заново.",
    ),
    "explain.question": ("Question", "Вопрос"),
    "explain.document": ("Document", "Документ"),
    "explain.choose": ("Choose a document", "Выберите документ"),
    "explain.run": ("Explain", "Разобрать"),
    "explain.none": (
        "There are no documents that you may read.",
        "Нет документов, доступных вам для чтения.",
    ),
    "explain.gone": (
        "The document is no longer there. Choose another.",
        "Этого документа больше нет. Выберите другой.",
    ),
    "explain.no_access": (
        "Removed by access: the asker is in none of the document's groups ({groups}).",
        "Отсеян по доступу: спрашивающий не входит ни в одну группу документа ({groups}).",
    ),
    "explain.unfinished": (
        "Not searchable yet: no version of it has been read to the end.",
        "Поиск ещё невозможен: ни одна версия документа не прочитана до конца.",
    ),
    "explain.not_read": (
        "Not searchable: it could not be read. {reason}",
        "Поиск невозможен: документ не удалось прочитать. {reason}",
    ),
    "explain.not_yet": (
        "Not valid yet: none of its versions answers before its date.",
        "Ещё не действует: ни одна версия не отвечает раньше своей даты.",
    ),
    "explain.expired": (
        "No longer valid: its version answered until {until}.",
        "Больше не действует: версия отвечала до {until}.",
    ),
    "explain.no_text": (
        "Nothing of it is in the index: it has no text of its own.",
        "В индексе от него ничего нет: своего текста у документа нет.",
    ),
    "explain.asked_back": (
        "Nothing was searched: the question may mean several things, so it is asked back.",
        "Поиска не было: вопрос можно понять по-разному, поэтому задаётся уточняющий.",
    ),
    "explain.filtered": (
        "Removed by the question's own words: only documents that match “{filter}” are searched.",
        "Отсеян словами вопроса: ищется только в документах, подходящих под «{filter}».",
    ),
    "explain.no_candidate": (
        "Not among the candidates: enough other passages are closer by meaning and by words.",
        "Не вошёл в кандидаты: по смыслу и по словам ближе достаточно других фрагментов.",
    ),
    "explain.not_found": (
        "A candidate, but not among the best once meaning and words were joined.",
        "Был кандидатом, но не вошёл в лучшие, когда смысл и слова сложили вместе.",
    ),
    "explain.not_kept": (
        "Found, but ranked below the passages that are kept.",
        "Найден, но после ранжирования оказался ниже оставляемых фрагментов.",
    ),
    "explain.refused": (
        "Its passages were looked at, but what was found does not answer the question.",
        "Его фрагменты рассмотрены, но найденное не отвечает на вопрос.",
    ),
    "explain.repeated": (
        "Its passages say what others say that the language model is given.",
        "Его фрагменты повторяют другие, которые и получает языковая модель.",
    ),
    "explain.no_room": (
        "Its passages answer, but the language model's prompt has no room for them.",
        "Его фрагменты отвечают, но в запросе к языковой модели им не хватило места.",
    ),
    "explain.passage": (
        "Among the passages that answer, but no sentence of it was quoted.",
        "Среди отвечающих фрагментов, но ни одно его предложение не процитировано.",
    ),
    "explain.quoted": (
        "Answered from: a sentence of it is in the answer.",
        "Ответ взят отсюда: в ответе есть его предложение.",
    ),
    "explain.given": (
        "Given to the language model that writes the answer.",
        "Передан языковой модели, которая пишет ответ.",
    ),
    "explain.dropped": (
        "Documents that match “{filter}” did not answer, so all were searched.",
        "Документы, подходящие под «{filter}», не ответили, поэтому искали во всех.",
    ),
    "explain.step": ("Step", "Шаг"),
    "explain.rank": ("Place", "Место"),
    "explain.depth": ("Places that go on", "Проходят дальше"),
    "explain.score": ("Score", "Оценка"),
    "explain.passed": ("Goes on", "Проходит"),
    "explain.dense": ("By meaning (cosine)", "По смыслу (косинус)"),
    "explain.sparse": ("By words (BM25)", "По словам (BM25)"),
    "explain.other_language": (
        "By meaning, in other languages",
        "По смыслу, на других языках",
    ),
    "explain.fused": ("Both joined", "Вместе"),
    "explain.ranked": ("Ranked anew", "Повторное ранжирование"),
    "explain.terms": ("Words found in it", "Слова вопроса, которые в нём есть"),
    "explain.missing": ("Words not in it", "Слова вопроса, которых в нём нет"),
    "explain.best": ("Its best passage", "Его лучший фрагмент"),
    "explain.sentences": ("Its sentences", "Его предложения"),
    "explain.sentence": ("Sentence", "Предложение"),
    "explain.shown": ("In the answer", "В ответе"),
    "explain.decision": (
        "Whether what was found answers: {confidence} sure. {verdict}",
        "Отвечает ли найденное: уверенность {confidence}. {verdict}",
    ),
    "explain.answers": ("Answered.", "Ответ дан."),
    "explain.refuses": ("Refused.", "Отказ."),
}

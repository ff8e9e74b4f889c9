"""What stands beside an answer, or in place of one, in English and Russian (see `app/texts.py`)."""

STRINGS: dict[str, tuple[str, str]] = {
    "ask.missing": (
        "None of the passages found mentions {words}.",
        "Ни в одном из найденных фрагментов не упоминается {words}.",
    ),
    "notice.not_covered": (
        "No passage found has most of the question's words.",
        "Ни в одном найденном фрагменте нет большей части слов вопроса.",
    ),
    "notice.wrong_type": (
        "There are passages near the topic, but none says when, how much, who or where as asked.",
        "Фрагменты близкие по теме есть, но в них не сказано когда, сколько, кто или где.",
    ),
    "notice.weak_match": (
        "What was found is near the topic at best; nothing in it seems to answer.",
        "Найденное в лучшем случае близко по теме; ответа в нём, похоже, нет.",
    ),
    "ask.quoted": ("“{word}”", "«{word}»"),
    "ask.owner": ("Who may know: {owners}.", "Кто может знать: {owners}."),
    "ask.which": ("Which of these do you mean?", "Что из этого вы имеете в виду?"),
    "ask.filter": (
        "Only documents that match “{words}” were searched.",
        "Поиск только в документах, подходящих под «{words}».",
    ),
    "ask.filter_dropped": (
        "Nothing in documents that match “{words}” answers this: it comes from others.",
        "В документах, подходящих под «{words}», ответа нет: он взят из других.",
    ),
    "ask.search": ("Searched for: {search}", "Искали: {search}"),
    "ask.unanswered": (
        "The documents do not answer this part: {question}",
        "На эту часть вопроса в документах ответа нет: {question}",
    ),
    "ask.disagree": (
        "The documents disagree. The newest says:",
        "Документы противоречат друг другу. В самом новом сказано:",
    ),
    "ask.disagree.older": ("Before it:", "В более раннем:"),
    "outcome.clarify": ("asked back", "уточнение"),
}

"""The words of an answer that are ours and not the documents': refusals, questions back, remarks.

Plain text, shared by the pages and the API; whoever shows it escapes it.
"""

from app.texts import Texts
from rag.answers import Answer, Mode

REMARKED = ("filter_dropped", "missing_name")
"""Notices that a remark or the refusal itself says already."""


def own_words(text: Texts, answer: Answer) -> str:
    """What is said instead of an answer; empty where there is one."""
    if answer.mode is Mode.REFUSED:
        return refusal(text, answer)
    return text("ask.which") if answer.mode is Mode.CLARIFY else ""


def refusal(text: Texts, answer: Answer) -> str:
    """What was searched, what no passage mentions, and whom to ask, in a few sentences."""
    if not answer.searched:
        return text("ask.searched.none")
    said = [text("ask.refused"), text("ask.searched", count=answer.searched)]
    if answer.missing:
        words = ", ".join(_quoted(text, word) for word in answer.missing)
        said.append(text("ask.missing", words=words))
    if answer.owners:
        said.append(text("ask.owner", owners=", ".join(answer.owners)))
    return " ".join(said)


def remarks(text: Texts, answer: Answer) -> list[str]:
    """What the asker should know about how the question was understood, a line each."""
    found = []
    if answer.search:
        found.append(text("ask.search", search=answer.search))
    if answer.filter:
        dropped = answer.notice == "filter_dropped"
        key = "ask.filter_dropped" if dropped else "ask.filter"
        found.append(text(key, words=answer.filter))
    found += [text("ask.unanswered", question=question) for question in answer.unanswered]
    return found


def _quoted(text: Texts, word: str) -> str:
    return text("ask.quoted", word=word)

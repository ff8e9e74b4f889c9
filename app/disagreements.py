"""What the documents say against each other, for the pages and for the API's text.

Plain text and HTML of the same words; whatever a document says is escaped here.
"""

import html
from collections.abc import Iterator

from app.markup import sentence_html
from app.texts import Texts, cited_place
from rag.answers import Answer, Disagreement, Sentence


def disagreements_html(text: Texts, answer: Answer) -> str:
    """A block for each disagreement, the newest first in it; empty where there is none."""
    return "".join(_block(text, answer, each) for each in answer.disagreements)


def disagreement_lines(text: Texts, answer: Answer) -> list[str]:
    """The same as lines of plain text."""
    return [
        f"{before} {sentence.text} [{sentence.citations[0]}] ({place})"
        for each in answer.disagreements
        for before, sentence, place in _sayings(text, answer, each)
    ]


def _block(text: Texts, answer: Answer, disagreement: Disagreement) -> str:
    lines = "".join(
        f"<div>{html.escape(before)} {sentence_html(text, sentence)} "
        f'<span class="fn-note">{html.escape(place)}</span></div>'
        for before, sentence, place in _sayings(text, answer, disagreement)
    )
    return f'<div class="fn-notice fn-disagree" role="note">{lines}</div>'


def _sayings(
    text: Texts, answer: Answer, disagreement: Disagreement
) -> Iterator[tuple[str, Sentence, str]]:
    """What stands before each sentence, the sentence, and where it stands."""
    cited = {citation.number: citation for citation in answer.citations}
    for at, sentence in enumerate(disagreement.sentences):
        before = text("ask.disagree.older" if at else "ask.disagree")
        yield before, sentence, cited_place(text, cited[sentence.citations[0]])

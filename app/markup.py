"""Text from documents, questions and models made safe to show: as HTML, and inside labels.

Nothing that a document says becomes markup: an image in it would make the browser ask another
server, a link could be anywhere. Everything shown goes through one of these functions.
"""

import html
import re
import string
from collections.abc import Sequence
from itertools import groupby

from app.texts import Texts, support_words
from rag.answers import Citation, Sentence, Support

_MARKDOWN = re.compile("([" + re.escape(string.punctuation) + "])")


def label(text: str) -> str:
    """Text for a Streamlit label or caption, which reads Markdown: every sign of it escaped."""
    return _MARKDOWN.sub(r"\\\1", " ".join(text.split()))


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters, cut in the middle because file names differ at both ends."""
    if len(text) <= limit:
        return text
    head = (limit - 1) * 2 // 3
    return f"{text[:head]}…{text[len(text) - (limit - 1 - head) :]}"


def sentence_html(text: Texts, sentence: Sentence) -> str:
    """One sentence with its numbers; the level of support is its look and its tooltip."""
    words = html.escape(support_words(text, sentence.support))
    look = ""
    if sentence.support in {Support.PARTLY, Support.UNSUPPORTED}:
        look = f" fn-{sentence.support.value}"
    body = html.escape(sentence.text)
    return (
        f'<span class="fn-s"><span class="fn-t{look}" title="{words}">{body}</span>'
        f"{_marks(sentence)}</span>"
    )


def _marks(sentence: Sentence) -> str:
    return "".join(f"<sup>[{number}]</sup>" for number in sentence.citations)


def answer_html(text: Texts, sentences: Sequence[Sentence], quoted: bool) -> str:
    """Sentences as one block; in an answer of quotes, each on a line of its own. Rows of one table
    that follow each other are one small table.

    The look must not depend on the sentences: it would change under the reader as they arrive.
    """
    look = "fn-answer fn-quoted" if quoted else "fn-answer"
    parts: list[str] = []
    for names, group in groupby(sentences, key=lambda s: tuple(name for name, _ in s.table)):
        if names:
            parts.append(_rows_html(text, names, list(group)))
        else:
            parts += [sentence_html(text, sentence) for sentence in group]
    return f'<div class="{look}">{" ".join(parts)}</div>'


def _rows_html(text: Texts, names: Sequence[str], rows: Sequence[Sentence]) -> str:
    """Table rows under the names of their columns, each with its numbers; columns that are empty
    in all rows are left out."""
    words = html.escape(support_words(text, rows[0].support))
    kept = [at for at in range(len(names)) if any(row.table[at][1] for row in rows)]
    head = "".join(f"<th>{html.escape(names[at])}</th>" for at in kept)
    body = ""
    for row in rows:
        cells = "".join(f"<td>{html.escape(row.table[at][1])}</td>" for at in kept)
        body += f"<tr>{cells}<td>{_marks(row)}</td></tr>"
    head = f"<thead><tr>{head}<th></th></tr></thead>" if any(names) else ""
    table = f"<table>{head}<tbody>{body}</tbody></table>"
    return f'<div class="fn-s fn-rows" title="{words}">{table}</div>'


def note_html(words: str, look: str = "fn-note") -> str:
    """A quiet line."""
    return f'<p class="{look}">{html.escape(words)}</p>'


def marked_html(body: str, quote: str) -> str:
    """`body` escaped, the quote in it marked; unmarked where it does not stand in it."""
    start = body.find(quote) if quote else -1
    if start < 0:
        return html.escape(body)
    end = start + len(quote)
    return f"{html.escape(body[:start])}<mark>{html.escape(quote)}</mark>{html.escape(body[end:])}"


def context_html(citation: Citation, before: str, after: str) -> str:
    """The cited chunk with its quote marked, between the paler ends of its neighbours."""
    chunk = citation.passage.chunk
    section = " › ".join(chunk.section)
    parts = [f'<p class="fn-section">{html.escape(section)}</p>'] if section else []
    parts.append('<div class="fn-context">')
    if before:
        parts.append(f'<span class="fn-near">{html.escape(before)}\n</span>')
    parts.append(marked_html(chunk.text, citation.quote))
    if after:
        parts.append(f'<span class="fn-near">\n{html.escape(after)}</span>')
    parts.append("</div>")
    return "".join(parts)

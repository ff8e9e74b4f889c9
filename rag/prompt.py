"""The prompt: a constant instruction first, then the passages, then the question.

The order lets a model server reuse its prefix cache for all that does not change
(vLLM, automatic prefix caching). The text lives in `rag/prompts/`, so that it can be read and
compared; its hash is on every trace.

Each passage says the date that its document bears, so that the model can put the newest first.
Does not choose passages: `rag/join.py` does, and keeps their budget.
"""

import hashlib
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from llama_index.core.base.llms.types import ChatMessage, MessageRole

from rag.answers import Turn
from rag.newest import date_of
from rag.types import Passage

NOT_FOUND = "NOT_FOUND"
"""What the model is told to reply when the passages do not answer."""

_TURNS = 3
"""Earlier exchanges that the model sees."""

_NAME = str.maketrans({'"': "'", "<": "‹", ">": "›"})

_FENCE = re.compile(r"</?\s*passage", re.IGNORECASE)

_FOLDER = Path(__file__).parent / "prompts"


@cache
def instruction() -> str:
    """The constant part, from `rag/prompts/answer.md`."""
    return (_FOLDER / "answer.md").read_text(encoding="utf-8").strip()


def version() -> str:
    """First 12 hex digits of the instruction's sha256."""
    return hashlib.sha256(instruction().encode()).hexdigest()[:12]


def messages(
    question: str, passages: Sequence[Passage], history: Sequence[Turn] = ()
) -> list[ChatMessage]:
    """The conversation to send. Passages are numbered from 1 in the given order."""
    numbered = fenced(passages)
    talk = [ChatMessage(role=MessageRole.SYSTEM, content=instruction())]
    for turn in history[-_TURNS:]:
        talk.append(ChatMessage(role=MessageRole.USER, content=turn.question))
        talk.append(ChatMessage(role=MessageRole.ASSISTANT, content=turn.answer))
    talk.append(
        ChatMessage(role=MessageRole.USER, content=f"{numbered}\n\nQuestion: {question.strip()}")
    )
    return talk


def fenced(passages: Sequence[Passage]) -> str:
    """The passages as a model sees them, numbered from 1."""
    return "\n\n".join(_passage(n, p) for n, p in enumerate(passages, start=1))


def _passage(number: int, passage: Passage) -> str:
    """One passage, fenced; neither its text nor its name can close the fence."""
    place = passage.document.name.translate(_NAME)
    if passage.chunk.page_from:
        place += f", page {passage.chunk.page_from}"
    text = _FENCE.sub("‹passage", passage.chunk.embedded_text)
    date = date_of(passage.document, passage.chunk.text)
    dated = f' date="{date}"' if date else ""
    return f'<passage number="{number}" source="{place}"{dated}>\n{text}\n</passage>'

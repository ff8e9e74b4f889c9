"""A question and its answer from one passage, by a language model, checked against the passage."""

import re
from collections.abc import Sequence
from pathlib import Path

from llama_index.core.base.llms.types import ChatMessage, MessageRole
from llama_index.core.llms import LLM

from rag import prompt
from rag.evaluate.draft_plain import Asked
from rag.evaluate.metrics import contains
from serving.language_model import stream_chat

_PROMPT = Path(prompt.__file__).parent / "prompts" / "draft_question.md"
_REPLY = re.compile(r"question:\s*(.+?)\s*\n\s*answer:\s*(.+?)\s*$", re.IGNORECASE | re.DOTALL)
_CHARS = 6000
"""Of a passage before the model."""
_LONGEST = 12
"""Words of an answer."""


def written(text: str, section: Sequence[str], llm: LLM) -> Asked | None:
    """The model's question; None where it found none, or its answer is not in the passage.

    Raises:
        ModelUnavailable: the model does not answer.
    """
    passage = f"{' › '.join(section)}\n{text}"[:_CHARS].strip()
    messages = [
        ChatMessage(role=MessageRole.SYSTEM, content=_PROMPT.read_text("utf-8").strip()),
        ChatMessage(role=MessageRole.USER, content=f"<passage>\n{passage}\n</passage>"),
    ]
    reply = "".join(piece for piece in stream_chat(llm, messages) if isinstance(piece, str))
    return checked(reply, text)


def checked(reply: str, text: str) -> Asked | None:
    """The question in a model's reply, if its answer stands in the text and not in itself."""
    found = _REPLY.search(reply)
    if found is None:
        return None
    question, answer = " ".join(found[1].split()), found[2].strip(" \"'«»“”")
    if not question.endswith("?") or "\n" in answer or len(answer.split()) > _LONGEST:
        return None
    stands = contains(text, [answer]) and not contains(question, [answer])
    return Asked(question, answer) if stands else None

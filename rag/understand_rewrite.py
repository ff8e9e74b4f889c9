"""A follow-up rewritten by a language model, where there is one, within a few seconds.

What it writes is searched for, never shown as an answer; it is checked for belonging to the
conversation, and whatever is wrong with it, the caller goes on without it.
"""

import time
from collections.abc import Sequence
from contextlib import closing
from functools import cache
from pathlib import Path

from llama_index.core.base.llms.types import ChatMessage, MessageRole
from llama_index.core.llms import LLM

from rag.answers import Turn
from rag.store.sparse import SparseEncoder
from rag.trace import Step
from rag.understand_follow import content
from serving.errors import ModelUnavailable
from serving.language_model import stream_chat

DEADLINE = 4.0
"""Seconds for the whole reply; the asker waits for it before anything is searched."""
_TURNS = 3
"""Earlier exchanges that the model sees."""
_ANSWER = 400
"""Characters of an earlier answer that it sees."""
_LINES = 3
_LONGER = 300
"""Characters that the rewritten questions may have more than the question."""


@cache
def _instruction() -> str:
    path = Path(__file__).parent / "prompts" / "rewrite.md"
    return path.read_text(encoding="utf-8").strip()


def rewritten(
    question: str, history: Sequence[Turn], sparse: SparseEncoder, llm: LLM, step: Step
) -> tuple[str, ...]:
    """The question as one to three that stand alone; empty where the model is of no help."""
    messages = [
        ChatMessage(role=MessageRole.SYSTEM, content=_instruction()),
        ChatMessage(role=MessageRole.USER, content=_asked(question, history)),
    ]
    with step.step("rewrite", kind="generation", input=question) as rewrite:
        rewrite.generation(model=llm.metadata.model_name)
        try:
            reply = _reply(llm, messages)
        except ModelUnavailable as error:  # the deterministic method does without
            rewrite.fail(str(error))
            return ()
        found = _checked(reply, question, history, sparse)
        rewrite.set(output={"reply": reply, "taken": bool(found)})
    return found


def _asked(question: str, history: Sequence[Turn]) -> str:
    talk = [f"User: {t.question}\nAssistant: {t.answer[:_ANSWER]}" for t in history[-_TURNS:]]
    return "\n".join(["Conversation:", *talk, "", f"Last question: {question}"])


def _reply(llm: LLM, messages: Sequence[ChatMessage]) -> str:
    """Raises ModelUnavailable as `stream_chat` does, or if it takes too long."""
    until, heard = time.monotonic() + DEADLINE, ""
    with closing(stream_chat(llm, messages, timeout=DEADLINE)) as stream:
        for piece in stream:
            heard += piece if isinstance(piece, str) else ""
            if time.monotonic() > until:
                raise ModelUnavailable(f"No rewritten question within {DEADLINE:.0f} s.")
    return heard


def _checked(
    reply: str, question: str, history: Sequence[Turn], sparse: SparseEncoder
) -> tuple[str, ...]:
    """The lines of `reply`, if they keep the question's words and add only the conversation's."""
    lines = tuple(line.strip() for line in reply.splitlines() if line.strip())
    if not 1 <= len(lines) <= _LINES or len(reply) > len(question) + _LONGER:
        return ()
    own = _stems(question, sparse)
    told = _stems(" ".join(f"{t.question} {t.answer}" for t in history), sparse)
    written = _stems(reply, sparse)
    if own and len(own & written) * 2 < len(own):
        return ()
    strange = written - own - told
    return () if not written or len(strange) * 3 > len(written) else lines


def _stems(text: str, sparse: SparseEncoder) -> set[str]:
    words = content(text)
    return set(sparse.terms(" ".join(words))) if words else set()

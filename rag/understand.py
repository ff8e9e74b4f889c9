"""What a question means before anything is searched: standing alone, its parts, its filters,
and, once passages are found, whether to ask which of several things is meant.

Without a language model all of it is deterministic and takes a few milliseconds. With one, a
question that has a history is rewritten by it; where that fails, the deterministic method stands
in. docs/decisions/0020-questions.md has the measurements.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from llama_index.core.llms import LLM

from rag import understand_clarify
from rag.answers import Turn
from rag.extract import Quote
from rag.library import Library
from rag.store.sparse import SparseEncoder
from rag.trace import Step
from rag.types import Passage, Principal
from rag.understand_filter import documents_named
from rag.understand_follow import standalone
from rag.understand_parts import parts
from rag.understand_rewrite import rewritten


@dataclass(frozen=True, slots=True)
class Understood:
    """What to search for, and where."""

    search: str
    """The standalone question."""
    parts: tuple[str, ...] = ()
    """Standalone questions whose answers are merged; one: equals (search,)."""
    documents: frozenset[str] | None = None
    """Only these document ids; None: all."""
    filter: str = ""
    """The words of the question that say so."""
    choices: tuple[str, ...] = ()
    """Non-empty: ask which is meant, before searching."""
    unclear: str = ""
    """Words of the question that stand for something never mentioned."""
    settled: bool = False
    """The last answer was a clarifying question, so that this one gets an answer."""


def understand(
    question: str,
    history: Sequence[Turn],
    principal: Principal,
    library: Library,
    sparse: SparseEncoder,
    llm: LLM | None,
    step: Step,
) -> Understood:
    """What `question` means after `history`; steps of a model are traced under `step`."""
    asked: tuple[str, ...] = ()
    if llm is not None and history:
        asked = rewritten(question, history, sparse, llm, step)
    if not asked:
        asked = _without_model(question, history, sparse)
    documents, words = documents_named(question, principal, library, sparse)
    return Understood(
        search=" ".join(asked) if len(asked) > 1 else asked[0],
        parts=asked,
        documents=documents or None,
        filter=words,
        unclear=understand_clarify.unclear(question, history, sparse),
        settled=bool(history) and understand_clarify.asked_back(history[-1]),
    )


def _without_model(
    question: str, history: Sequence[Turn], sparse: SparseEncoder
) -> tuple[str, ...]:
    asked = parts(question, sparse)
    # A part is short and would seem to lean; the whole says whether it begins something new.
    if len(asked) > 1 and standalone(question, history, sparse) == question:
        return asked
    return tuple(standalone(part, history, sparse) for part in asked)


def clarify(
    question: str,
    understood: Understood,
    passages: Sequence[Passage],
    quotes: Sequence[Quote],
    sparse: SparseEncoder,
) -> tuple[str, ...]:
    """Questions that may be meant, where what was found leaves it open; else empty."""
    del quotes
    if understood.settled or understood.documents or len(understood.parts) > 1:
        return ()
    if not understood.unclear:
        if understood.search != question or not understand_clarify.short(question, sparse):
            return ()
        if not understand_clarify.shared(passages, question, sparse):
            return ()
    labels = understand_clarify.topics(passages, question, understood.unclear, sparse)
    return understand_clarify.choices(question, labels)

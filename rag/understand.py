"""What a question means before anything is searched: standing alone, its parts, its filters.

The first slice: a follow-up is searched with its predecessor; one part, no filter.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from llama_index.core.llms import LLM

from rag.answers import Turn
from rag.extract import Quote
from rag.followup import standalone
from rag.library import Library
from rag.store.sparse import SparseEncoder
from rag.trace import Step
from rag.types import Passage, Principal


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


def understand(
    question: str,
    history: Sequence[Turn],
    principal: Principal,
    library: Library,
    sparse: SparseEncoder,
    llm: LLM | None,
    step: Step,
) -> Understood:
    """What `question` means after `history`."""
    del principal, library, llm, step
    search = standalone(question, history, sparse)
    return Understood(search, (search,))


def clarify(
    question: str,
    understood: Understood,
    passages: Sequence[Passage],
    quotes: Sequence[Quote],
    sparse: SparseEncoder,
) -> tuple[str, ...]:
    """Questions that may be meant, where what was found leaves it open; else empty."""
    del question, understood, passages, quotes, sparse
    return ()

"""What to search for when a question leans on the one before it.

Without a language model the method is deterministic: a question that is short or opens with a
word that points back is searched together with its predecessor. Does not know what a pronoun
refers to; it only widens the search.
"""

import re
from collections.abc import Sequence

from rag.answers import Turn
from rag.store.sparse import SparseEncoder

_SHORT = 2
"""A question with at most this many content terms cannot stand alone."""

_POINTS_BACK = re.compile(
    r"^\s*(and|but|what about|how about|why|it|they|that|this|those|these"
    r"|а|и|но|а если|почему|он|она|оно|они|это|этот|эта|эти|тогда)\b",
    re.IGNORECASE,
)


def standalone(question: str, history: Sequence[Turn], sparse: SparseEncoder) -> str:
    """The text to search for: `question`, led by the previous one if it leans on it."""
    if not history:
        return question
    terms = len(sparse.terms(question))
    leans = terms <= _SHORT or (terms <= 2 * _SHORT and _POINTS_BACK.match(question))
    return f"{history[-1].question} {question}" if leans else question

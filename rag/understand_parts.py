"""A compound question as its parts: "What is X and who approves it?" asks two things.

Split only where a second question visibly begins: after a question mark, or at a conjunction
that a question word follows and that another asked before. "Terms and conditions" and "when and
where" stay whole. What a later part leaves out is carried over from the first.
"""

import re

from rag.store.sparse import SparseEncoder
from rag.understand_follow import content, missing, pointing

MOST = 3
"""Parts at most; more questions than that stay whole."""

_ASKS = (
    r"(?:who|whom|whose|what|when|where|why|how|which"
    r"|кто|кого|кому|кем|чем|чему|что|когда|где|куда|откуда|почему|зачем|как|сколько|чей|чья|чьё"
    r"|как(?:ой|ая|ое|ие|ого|их|ом|им|ую))"
)
_JOINT = re.compile(
    r"(?:[,;]\s*(?:and|и|а)|\s+(?:and|и|а также|as well as))\s+(?:also\s+|также\s+)?"
    rf"(?=(?:(?:for|to|from|in|by|at|on|with|в|во|с|на|до|от|из|к|по|за|о)\s+)?{_ASKS}\b)",
    re.IGNORECASE,
)
_BEGINS = re.compile(
    rf"^\W*(?:(?:for|to|from|in|by|at|on|with|в|во|с|на|до|от|из|к|по|за|о)\s+)?{_ASKS}\b",
    re.IGNORECASE,
)
_ASKING = re.compile(rf"\b{_ASKS}\W*$", re.IGNORECASE)
_AUXILIARY = re.compile(
    r"^\W*(?:is|are|was|were|do|does|did|can|could|may|must|should|will|would|has|have|had)\b",
    re.IGNORECASE,
)
_SUBORDINATE = re.compile(r",\s+(?:что|как|кто|когда|где|почему|чтобы)\b", re.IGNORECASE)
_RELATIVE = re.compile(r"[\w,]\s+(?:who|which|that|котор\w+)\b", re.IGNORECASE)
_WHOSE = re.compile(r"^\W*(?:whose|who['’]s|which)\b", re.IGNORECASE)
_MARK = re.compile(r"\?+\s+(?=\S)")
_ARTICLE = re.compile(r"\b(?:the|an?|my|our|your)\b", re.IGNORECASE)
_CYRILLIC = re.compile(r"[а-яё]", re.IGNORECASE)


def parts(question: str, sparse: SparseEncoder) -> tuple[str, ...]:
    """The questions that `question` asks, each standing alone; one: the question itself."""
    pieces: list[str] = []
    for sentence in _sentences(question):
        pieces += _coordinated(sentence)
    if not 1 < len(pieces) <= MOST:
        return (question,)
    first, *others = pieces
    return (_whole(first), *(_carried(first, other, sparse) for other in others))


def _sentences(question: str) -> list[str]:
    """The questions between question marks, or all of it where one of them asks nothing."""
    found = [piece.strip() for piece in _MARK.split(question) if piece.strip()]
    asking = all(
        (_BEGINS.match(piece) or _AUXILIARY.match(piece)) and content(piece) for piece in found
    )
    return found if asking else [question]


def _coordinated(sentence: str) -> list[str]:
    if not _BEGINS.match(sentence):
        return [sentence]
    found, start = [], 0
    for joint in _JOINT.finditer(sentence):
        left, right = sentence[start : joint.start()], sentence[joint.end() :]
        whole = _SUBORDINATE.search(left) or (_WHOSE.match(right) and _RELATIVE.search(left))
        if _stands(left) and _stands(right) and not whole:
            found.append(left)
            start = joint.end()
    return [*found, sentence[start:]]


def _stands(piece: str) -> bool:
    """Whether something is asked about: a question word, and a content word after it."""
    begun = _BEGINS.match(piece)
    if begun is None or _ASKING.search(piece):
        return False
    return bool(content(piece[begun.end() :])) and len(piece.split()) >= 3


def _carried(first: str, other: str, sparse: SparseEncoder) -> str:
    """`other`, led by the words of `first` where it has no subject of its own."""
    own = len(content(other))
    bare = not _ARTICLE.search(other) and not _CYRILLIC.search(other)
    if pointing(other) or own <= 1 or (own <= 2 and bare):
        lead = missing(content(first), other, sparse)
        return _whole(" ".join((*lead, other)))
    return _whole(other)


def _whole(piece: str) -> str:
    piece = piece.strip(" ,;")
    piece = piece if piece.endswith(("?", ".", "!")) else f"{piece}?"
    return piece[:1].upper() + piece[1:]

"""Elements → chunks that follow the document's structure.

A chunk has the path of headings above it and never crosses a top heading; small sections below
one top heading are packed together, their headings then standing in the text. Tables are cut
between rows only, the header row (the first) repeated. A paragraph that is too long is cut at
sentences. Every token is counted in a few batches, never once per growing prefix.

Does not know what a text means: two topics under one heading share a chunk if they fit.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rag.text import CountTokens, language_of, split_to_tokens
from rag.types import Box, Chunk, chunk_id

if TYPE_CHECKING:
    from unstructured.documents.elements import Element

TARGET = 256
"""Tokens that a chunk aims at, section path included; the embedder's limit if that is less. A
heading that stands in the text of a full chunk may push it over; the embedder's limit holds."""
_FLUSH = 0.25
"""A heading below the top starts a chunk once the current one has this part of its room."""
_PATH = 0.33
"""The section path gets at most this part."""
_Paths = dict[tuple[str, ...], tuple[tuple[str, ...], int]]
"""Of each section path: what is shown of it, and the tokens of that."""
_SKIP = frozenset({"PageBreak"})
_RUNNING = frozenset({"Header", "Footer"})


@dataclass(frozen=True, slots=True)
class _Piece:
    """A text that is not cut any more, with where it comes from."""

    text: str
    tokens: int
    path: tuple[str, ...]
    page: int
    box: Box | None
    top: int
    """Number of the top heading it stands under, from 0."""
    heading: bool = False
    table: bool = False


def chunk(
    elements: "Sequence[Element]",
    document_id: str,
    version: str,
    count_tokens: CountTokens,
    max_tokens: int,
) -> list[Chunk]:
    """Chunks in document order; empty only where no element has text.

    `count_tokens` counts whole texts with special tokens; `max_tokens` is the embedder's limit
    for `Chunk.embedded_text`.
    """
    limit = min(TARGET, max_tokens)
    base = count_tokens([""])[0]
    pieces = _pieces(elements, count_tokens, base)
    paths = _fit_paths({piece.path for piece in pieces}, int(limit * _PATH), count_tokens, base)
    cut = [part for piece in pieces for part in _cut(piece, limit, paths, count_tokens, base)]
    drafts = [_draft(group, paths) for group in _groups(cut, limit - base, paths)]
    return [
        replace(
            draft,
            id=chunk_id(document_id, version, ordinal),
            document_id=document_id,
            version=version,
            ordinal=ordinal,
        )
        for ordinal, draft in enumerate(_within(drafts, max_tokens, count_tokens))
    ]


def _pieces(elements: "Sequence[Element]", count: CountTokens, base: int) -> list[_Piece]:
    """Elements with their section paths; a heading without a body counts as text."""
    wanted = [e for e in elements if e.text.strip() and e.category not in _SKIP]
    sizes = count([e.text for e in wanted]) if wanted else []
    highest = min((_depth(e) for e in wanted if e.category == "Title"), default=0)
    stack: list[tuple[int, str]] = []
    found = []
    top = 0
    for index, element in enumerate(wanted):
        heading = element.category == "Title"
        bare = heading and _is_bare(wanted, index)
        running = element.category in _RUNNING
        if heading:
            depth = _depth(element)
            stack = [entry for entry in stack if entry[0] < depth]
            top += depth == highest
        found.append(
            _Piece(
                text=element.text.strip(),
                tokens=sizes[index] - base,
                path=() if running else tuple(title for _, title in stack),
                page=element.metadata.page_number or 0,
                box=_box(element),
                top=-1 if running else top,
                heading=heading and not bare,
                table=element.category == "Table",
            )
        )
        if heading and not bare:
            stack.append((depth, " ".join(element.text.split())))
    return found


def _depth(element: "Element") -> int:
    return int(element.metadata.category_depth or 0)


def _is_bare(elements: "Sequence[Element]", index: int) -> bool:
    """Whether no body and no deeper heading follows the heading at `index`."""
    if index + 1 == len(elements) or elements[index + 1].category in _RUNNING:
        return True
    following = elements[index + 1]
    return following.category == "Title" and _depth(following) <= _depth(elements[index])


def _box(element: "Element") -> Box | None:
    where = element.metadata.coordinates
    page = element.metadata.page_number
    if where is None or where.points is None or not page:
        return None
    xs = [float(x) for x, _ in where.points]
    ys = [float(y) for _, y in where.points]
    return Box(page, min(xs), min(ys), max(xs), max(ys))


def _fit_paths(paths: set[tuple[str, ...]], limit: int, count: CountTokens, base: int) -> _Paths:
    """For each path (and each of its beginnings) what is shown of it, and its tokens."""
    every = sorted({path[:end] for path in paths for end in range(len(path) + 1)})
    fitted = {}
    for path, size in zip(every, count([" › ".join(p) for p in every]), strict=True):
        shown, tokens = path, size - base
        while tokens > limit and len(shown) > 1:
            shown = shown[1:]
            tokens = count([" › ".join(shown)])[0] - base
        if tokens > limit:
            start, end = split_to_tokens(shown[0], limit + base, count)[0]
            shown = (shown[0][start:end],)
            tokens = count([shown[0]])[0] - base
        fitted[path] = (shown, tokens)
    return fitted


def _cut(
    piece: _Piece, limit: int, paths: _Paths, count: CountTokens, base: int
) -> Iterator[_Piece]:
    """The piece, in parts that fit under their section path."""
    room = limit - paths[piece.path][1]
    if piece.tokens + base <= room:
        yield piece
        return
    texts = (
        _cut_table(piece.text, room, count, base)
        if piece.table
        else _split(piece.text, room, count)
    )
    for text, size in zip(texts, count(texts), strict=True):
        yield replace(piece, text=text, tokens=size - base, heading=False)


def _split(text: str, room: int, count: CountTokens) -> list[str]:
    return [text[start:end] for start, end in split_to_tokens(text, room, count)]


def _cut_table(text: str, room: int, count: CountTokens, base: int) -> list[str]:
    """Parts of a table, each with the header row; a row that is too long is cut like prose."""
    header, *rows = text.split("\n")
    header_size, *sizes = (size - base for size in count([header, *rows]))
    if header_size > room // 2:
        return _split(text, room, count)
    parts: list[list[str]] = []
    left = 0
    for row, size in zip(rows, sizes, strict=True):
        if size + header_size + base > room:
            parts += [[part] for part in _split(row, room - header_size, count)]
            left = 0
        elif size <= left:
            parts[-1].append(row)
            left -= size
        else:
            parts.append([row])
            left = room - base - header_size - size
    return ["\n".join([header, *part]) for part in parts]


def _groups(pieces: Sequence[_Piece], room: int, paths: _Paths) -> Iterator[list[_Piece]]:
    """Runs of pieces that make a chunk each; a heading stays with what follows it."""
    group: list[_Piece] = []
    path: tuple[str, ...] = ()
    used = 0
    for piece in pieces:
        shared = _shared(path, piece.path) if group else piece.path
        full = used + piece.tokens + paths[shared][1] > room
        new = piece.heading and used >= _FLUSH * room
        if group and (full or new or piece.top != group[-1].top):
            body = len(group)
            while body and group[body - 1].heading:
                body -= 1
            if body:
                yield group[:body]
            group = group[body:]
            used = sum(p.tokens for p in group)
            shared = _shared(group[0].path, piece.path) if group else piece.path
        group.append(piece)
        path = shared
        used += piece.tokens
    if group:
        yield group


def _shared(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    """The beginning that two section paths share."""
    same = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        same += 1
    return one[:same]


def _draft(group: Sequence[_Piece], paths: _Paths) -> Chunk:
    """A chunk without ids. Headings that all the rest stands under go into its path."""
    body = list(group)
    while len(body) > 1 and body[0].heading:
        under = (*body[0].path, " ".join(body[0].text.split()))
        if any(piece.path[: len(under)] != under for piece in body[1:]):
            break
        body.pop(0)
    path = body[0].path
    for piece in body:
        path = _shared(path, piece.path)
    text = "\n".join(piece.text for piece in body)
    pages = [piece.page for piece in group if piece.page]
    return Chunk(
        id="",
        document_id="",
        version="",
        ordinal=0,
        text=text,
        section=paths[path][0],
        page_from=min(pages, default=0),
        page_to=max(pages, default=0),
        boxes=tuple(dict.fromkeys(piece.box for piece in body if piece.box is not None)),
        language=language_of(text),
    )


def _within(drafts: Sequence[Chunk], max_tokens: int, count: CountTokens) -> Iterator[Chunk]:
    """The drafts, any that seams between pieces made too long cut again."""
    sizes = count([draft.embedded_text for draft in drafts]) if drafts else []
    for draft, size in zip(drafts, sizes, strict=True):
        if size <= max_tokens:
            yield draft
            continue
        room = max_tokens - count([" › ".join(draft.section)])[0] if draft.section else max_tokens
        for start, end in split_to_tokens(draft.text, room, count):
            yield replace(draft, text=draft.text[start:end])

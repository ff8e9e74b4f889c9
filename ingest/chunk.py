"""Elements → chunks that follow the document's structure.

A chunk has the path of headings above it and never crosses a top heading; small sections below
one top heading are packed together, their headings then standing in the text. Tables are cut
between rows, the header row and the caption repeated (`ingest/chunk_tables.py`). A paragraph that
is too long is cut at sentences. Every token is counted in a few batches, never once per growing
prefix.

Does not know what a text means: two topics under one heading share a chunk if they fit.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ingest.chunk_tables import TableCutter
from ingest.chunk_texts import box_of, caption_of, texts_of
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
    caption: str = ""
    """Of a table: the line above that names it."""


def chunk(
    elements: "Sequence[Element]",
    document_id: str,
    version: str,
    count_tokens: CountTokens,
    max_tokens: int,
    target: int = TARGET,
) -> list[Chunk]:
    """Chunks in document order; empty only where no element has text.

    `count_tokens` counts whole texts with special tokens; `max_tokens` is the embedder's limit
    for `Chunk.embedded_text`, which holds for every chunk; `target` is what they aim at.
    """
    limit = min(target, max_tokens)
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
    texts = texts_of(wanted)
    sizes = count(texts) if wanted else []
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
                text=texts[index],
                tokens=sizes[index] - base,
                path=() if running else tuple(title for _, title in stack),
                page=element.metadata.page_number or 0,
                box=box_of(element),
                top=-1 if running else top,
                heading=heading and not bare,
                table=element.category == "Table",
                caption=caption_of(wanted, index),
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
    if piece.table:
        texts = _cut_table(piece, room, count, base)
    else:
        texts = [piece.text[a:b] for a, b in split_to_tokens(piece.text, room, count)]
    for text, size in zip(texts, count(texts), strict=True):
        yield replace(piece, text=text, tokens=size - base, heading=False)


def _cut_table(piece: _Piece, room: int, count: CountTokens, base: int) -> list[str]:
    """Parts of a table, each but the first (which follows it) under the caption."""
    above = count([piece.caption])[0] - base if piece.caption else 0
    caption = piece.caption if above <= room // 4 else ""
    parts = TableCutter(count, base, room - above if caption else room).parts(piece.text)
    return [f"{caption}\n{part}" if caption and at else part for at, part in enumerate(parts)]


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
    # Between two tables a blank line: rows of the second are not of the first.
    text = "\n".join(
        f"\n{piece.text}" if at and piece.table and body[at - 1].table else piece.text
        for at, piece in enumerate(body)
    )
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

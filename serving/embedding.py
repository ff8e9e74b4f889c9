"""Texts to unit vectors: in this process by sentence-transformers, or by a server.

What it does not know: whether a server behind the same name still serves the same weights.
"""

import hashlib
import logging
import os
import threading
from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from llama_index.core.base.embeddings.base import BaseEmbedding
from numpy.typing import NDArray
from pydantic import PrivateAttr

from serving import e5
from serving.errors import ConfigError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Vectors = NDArray[np.float32]

_CPU_BATCH = 8
"""Texts per inference: the fastest on two cores, and a question waits for one batch at most."""
_GPU_BATCH = 64
_CPU_CALL, _GPU_CALL = 150, 20_000
"""What an inference costs beside its texts, as characters of text: on two cores measured (about 40
tokens), for a GPU a guess that prefers full batches."""
_HUB_SECONDS = 10.0


class Embedder(BaseEmbedding):
    """Embeds questions and passages; vectors are float32, (texts, dimension), of unit length.

    Safe to call from several threads at once.
    """

    dimension: int
    max_tokens: int
    """Longest input in tokens, special tokens and prefix included; the rest is cut off."""
    fingerprint: str
    """Name and, where it is known, hash of the weights."""

    @abstractmethod
    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Questions to vectors."""

    @abstractmethod
    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Passages, or their sentences, to vectors."""

    @abstractmethod
    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text as a passage, special tokens and prefix included, nothing cut."""

    def _get_query_embedding(self, query: str) -> list[float]:
        return [float(x) for x in self.embed_queries([query])[0]]

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_query_embedding(query)

    def _get_text_embedding(self, text: str) -> list[float]:
        return self._get_text_embeddings([text])[0]

    def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        return [[float(x) for x in row] for row in self.embed_passages(texts)]


class LocalEmbedder(Embedder):
    """A sentence-transformers model in this process, with its own prompts."""

    _model: "SentenceTransformer" = PrivateAttr()
    _turn: "_Turn" = PrivateAttr()

    def __init__(self, model: "SentenceTransformer", name: str, weights: str) -> None:
        dimension = model.get_embedding_dimension()
        if dimension is None:
            raise ConfigError(
                f"{name} does not say how long its vectors are: choose another model."
            )
        super().__init__(
            model_name=name,
            dimension=dimension,
            max_tokens=model.max_seq_length or 512,
            fingerprint=f"{name}@{weights}" if weights else name,
        )
        self._model = model
        self._turn = _Turn()

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Questions to vectors, with the model's prompt for queries."""
        return self._embed(texts, self._model.encode_query)

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Passages to vectors, with the model's prompt for documents."""
        return self._embed(texts, self._model.encode_document)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text by the model's own tokenizer."""
        from serving.e5_openvino import OpenVinoEncoder

        prompt = self._model.prompts.get("document") or ""
        prompted = [prompt + _valid(text) for text in texts]
        first = self._model[0]
        if isinstance(first, OpenVinoEncoder):
            return first.count_tokens(prompted)
        if not prompted:
            return []
        # Cutting is state of a tokenizer, which encoding changes too; a copy of one can take
        # 300 MB.
        with self._turn:
            found = self._model.tokenizer(prompted, truncation=False, verbose=False)
        return [len(ids) for ids in found["input_ids"]]

    def _embed(self, texts: Sequence[str], encode: Callable[..., Any]) -> Vectors:
        vectors = np.empty((len(texts), self.dimension), np.float32)
        cpu = self._model.device.type == "cpu"
        most, call = (_CPU_BATCH, _CPU_CALL) if cpu else (_GPU_BATCH, _GPU_CALL)
        for batch in batches([len(text) for text in texts], most, call):
            with self._turn:
                vectors[batch] = encode(
                    [_valid(texts[at]) for at in batch],
                    batch_size=len(batch),
                    show_progress_bar=False,
                    normalize_embeddings=True,
                )
        return vectors


def batches(lengths: Sequence[int], most: int, call: int) -> list[list[int]]:
    """Indices of texts in batches of at most `most` that take the least time, longest texts first.

    A batch is padded to its longest text and costs `call` beside, all in characters: texts of like
    length go together, and a short one is not padded to a long one only to fill a batch.
    """
    order = sorted(range(len(lengths)), key=lambda at: -lengths[at])
    best, cut = [0] * (len(order) + 1), [0] * (len(order) + 1)
    for end in range(1, len(order) + 1):
        best[end], cut[end] = min(
            (best[start] + call + lengths[order[start]] * (end - start), start)
            for start in range(max(0, end - most), end)
        )
    found, end = [], len(order)
    while end:
        found.append(order[cut[end] : end])
        end = cut[end]
    return found[::-1]


class _Turn:
    """A lock that is granted in order of asking, so that ingesting cannot starve a question."""

    def __init__(self) -> None:
        self._next = threading.Lock()
        self._busy = threading.Lock()

    def __enter__(self) -> None:
        # Who waits for `_busy` holds `_next`: who has just finished queues behind it.
        with self._next:
            self._busy.acquire()

    def __exit__(self, *_: object) -> None:
        self._busy.release()


def open_embedder(model: str, cache: Path, url: str = "", key: str = "") -> Embedder:
    """The embedder that the settings ask for.

    Args:
        model: `multilingual-e5-small` (from the installed wheel), a folder, or a hub name; with
            `url`, the name that the server knows.
        cache: folder for the default model, built there on first use.
        url: OpenAI-compatible server, e.g. `http://localhost:8000/v1`; empty: this process.
        key: key of that server.

    Raises:
        ConfigError: the model cannot be had, with what to do.
        ModelUnavailable: the server does not answer.
    """
    if url:
        from serving.embedding_server import open_server

        return open_server(model, url, key)
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("DO_NOT_TRACK", "1")
    if model == e5.NAME:
        folder = e5.folder(cache)
        weights = folder.name.removeprefix(f"{e5.NAME}-")
        loaded = _load_openvino(folder) if find_spec("openvino") else _load(str(folder), True)
        return LocalEmbedder(loaded, model, weights)
    if Path(model).is_dir():
        return LocalEmbedder(_load(model, True), Path(model).name, _hash_weights(Path(model)))
    loaded = _load_hub(model)
    return LocalEmbedder(loaded, model, _commit(model))


def _load_openvino(folder: Path) -> "SentenceTransformer":
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Normalize, Pooling

    from serving.e5_openvino import OpenVinoEncoder

    encoder = OpenVinoEncoder(folder)
    modules = [encoder, Pooling(encoder.hidden, "mean"), Normalize()]
    return SentenceTransformer(modules=modules, prompts=e5.PROMPTS, device="cpu")


def _load(model: str, local: bool) -> "SentenceTransformer":
    import torch
    from sentence_transformers import SentenceTransformer

    dtype = torch.float32 if not torch.cuda.is_available() else "auto"
    try:
        with quiet():
            return SentenceTransformer(model, local_files_only=local, model_kwargs={"dtype": dtype})
    except (OSError, ValueError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ConfigError(
            f"The embedding model {model} cannot be loaded ({reason}): set "
            "FOOTNOTE_EMBEDDING_MODEL to a sentence-transformers folder, or to a hub name that "
            "is in the hub's cache or can be downloaded from here."
        ) from error


def _load_hub(model: str) -> "SentenceTransformer":
    # From the hub's cache when it is there, without a word to the hub; else by downloading.
    from httpx2 import HTTPError
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, OfflineModeIsEnabled

    if _commit(model):
        return _load(model, True)
    try:
        HfApi().model_info(model, timeout=_HUB_SECONDS)
    except (HfHubHTTPError, HFValidationError, HTTPError, OfflineModeIsEnabled, OSError) as error:
        raise ConfigError(
            f"The embedding model {model} is neither a folder nor in the hub's cache, and the hub "
            f"did not offer it ({type(error).__name__}): set FOOTNOTE_EMBEDDING_MODEL to a folder, "
            "download the model first, or leave the setting out for the built-in model."
        ) from error
    return _load(model, False)


def _commit(model: str) -> str:
    """Commit of a hub model in the local cache, 12 digits; empty if it is not there."""
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        found = try_to_load_from_cache(model, "config.json")
    except HFValidationError:
        return ""
    return Path(found).parent.name[:12] if isinstance(found, str) else ""


def _hash_weights(folder: Path) -> str:
    files = sorted(file for kind in ("*.safetensors", "*.bin") for file in folder.rglob(kind))
    digest = hashlib.sha256()
    for file in files:
        with file.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()[:12]


def _valid(text: str) -> str:
    # A lone surrogate, as broken PDF fonts yield, is no text to the tokenizer.
    return text.encode("utf-8", "replace").decode("utf-8")


@contextmanager
def quiet() -> Iterator[None]:
    """Loading without progress bars and reports; errors still raise."""
    from transformers.utils import logging as transformers_logging

    logger = logging.getLogger("transformers")
    level = logger.level
    bars = transformers_logging.is_progress_bar_enabled()
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)
        if bars:
            transformers_logging.enable_progress_bar()  # type: ignore[no-untyped-call]

"""Vectors from a server that speaks OpenAI's embeddings protocol (vLLM, Ollama, LiteLLM, OpenAI).

Texts are sent as they are: prefixes such as e5's are the server's business. What it does not
know: the server's tokenizer, so tokens are estimated from characters, rather too many than too
few; and whether the weights behind a name have changed, so the fingerprint holds the name and the
dimension only. Some servers cut long texts off without a word (Ollama does, Text Embeddings
Inference may): `longest_read` finds out what is read to its end.
"""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from openai import APIConnectionError, APIStatusError, OpenAI, OpenAIError
from pydantic import PrivateAttr

from serving.embedding import Embedder
from serving.errors import ConfigError, ModelUnavailable

_BATCH = 32
_RETRIES = 3
_SECONDS = 60.0
_CONNECT_RETRIED = {408, 409, 425, 429}
_DEFAULT_TOKENS = 512
_SHORTEST = 64
"""Tokens; a model that does not read that much is of no use here."""
_CAPITALS, _LETTERS, _OTHER, _APART = 1, 2, 3, 4
_PARTS = re.compile(
    r"""([A-Z\u0400-\u042f]{2,})                         # words in capitals
    |([A-Za-z\u00c0-\u024f\u0370-\u052f]+)             # Latin, Greek, Cyrillic
    |([^\W_])                                           # digits, letters of other scripts
    |(\s[^\w\s]|\s_)                                    # a mark after a blank
    |(\S)""",
    re.VERBOSE,
)
_ENDS = (("the red boat", "some green tea"), ("красная лодка", "зелёный чай"))
_FILLING = ("water and stone ", "вода и камень ")
_SAME = 1e-5
"""Vectors whose cosine is this close to 1 are of texts that the model could not tell apart."""


class ServerEmbedder(Embedder):
    """An embeddings server; vectors are brought to unit length here."""

    _client: OpenAI = PrivateAttr()

    def __init__(self, client: OpenAI, model: str, dimension: int, max_tokens: int) -> None:
        super().__init__(
            model_name=model,
            dimension=dimension,
            max_tokens=max_tokens,
            fingerprint=f"{model}@server-{dimension}",
        )
        self._client = client

    def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Questions to vectors.

        Raises:
            ModelUnavailable: no answer, after retries.
            ConfigError: the server refuses the request for good.
        """
        return self.embed_passages(texts)

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Passages to vectors; errors as `embed_queries`."""
        batches = [texts[at : at + _BATCH] for at in range(0, len(texts), _BATCH)]
        found = [request(self._client, self.model_name, batch) for batch in batches]
        if not found:
            return np.empty((0, self.dimension), np.float32)
        vectors = np.concatenate(found)
        if vectors.shape[1] != self.dimension:
            raise ConfigError(
                f"The embeddings server now sends {vectors.shape[1]} numbers for "
                f"{self.model_name} instead of {self.dimension}: restart, and rebuild the index."
            )
        return vectors

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """An estimate from above for multilingual subword tokenizers (`estimate_tokens`)."""
        return [estimate_tokens(text) for text in texts]


def estimate_tokens(text: str) -> int:
    """At least as many tokens as XLM-R's tokenizer makes, half as many again in prose.

    A token for three letters of a word or two of a word in capitals, for each capital inside a
    word, digit, mark and letter of another script; two for a mark that stands by itself.
    """
    tokens = 2
    for match in _PARTS.finditer(text):
        part, kind = match.group(), match.lastindex
        if kind == _CAPITALS:
            tokens += -(-len(part) // 2)
        elif kind == _LETTERS:
            tokens += -(-len(part) // 3) + sum(letter.isupper() for letter in part[1:])
        else:
            tokens += 1 if kind == _OTHER or (kind != _APART and part.isascii()) else 2
    return tokens


def longest_read(client: OpenAI, model: str, limit: int) -> int:
    """How many tokens, as `estimate_tokens` counts, the server surely reads to the end: `limit`,
    or half of it as often as needed.

    Asked with pairs of texts that differ in their last words only: equal vectors mean that the
    end was cut off.

    Raises:
        ModelUnavailable: as `request`.
        ConfigError: not even a short paragraph is read to its end, or it is refused.
    """
    while True:
        texts = [_filled(words, end, limit) for words, ends in zip(_FILLING, _ENDS, strict=True)
                 for end in ends]  # fmt: skip
        refusal: ConfigError | None = None
        try:
            found = request(client, model, texts)
            if all(float(found[at] @ found[at + 1]) < 1 - _SAME for at in (0, 2)):
                return limit
        except ConfigError as error:
            refusal = error
        if limit // 2 < _SHORTEST:
            raise refusal or ConfigError(
                f"The embeddings server at {client.base_url} reads no more than the first "
                f"{limit} tokens of a text with {model}: choose a model that reads 256 or more."
            )
        limit //= 2


def _filled(words: str, end: str, tokens: int) -> str:
    each = estimate_tokens(words) - 2
    return words * max(1, (tokens - estimate_tokens(end)) // each) + end


def open_server(
    model: str, url: str, key: str, timeout: float = _SECONDS, retries: int = _RETRIES
) -> ServerEmbedder:
    """Connects to an embeddings server, and asks for its vectors' dimension and how long a text
    it reads to the end.

    Args:
        url: with its `/v1`.
        timeout: seconds for one request.
        retries: of a request that failed for a passing reason.

    Raises:
        ModelUnavailable: the server does not answer.
        ConfigError: it does not know the model, or refuses the key.
    """
    client = OpenAI(base_url=url, api_key=key or "none", timeout=timeout, max_retries=retries)
    dimension = request(client, model, ["dimension"]).shape[1]
    longest = _told(client, model) or longest_read(client, model, _DEFAULT_TOKENS)
    return ServerEmbedder(client, model, dimension, longest)


def request(client: OpenAI, model: str, texts: Sequence[str]) -> NDArray[np.float32]:
    """One request: (texts, dimension), unit length, in the order of `texts`.

    Raises:
        ModelUnavailable, ConfigError: as `open_server`.
    """
    # An empty input is an error to some servers.
    inputs = [text.encode("utf-8", "replace").decode("utf-8") or " " for text in texts]
    try:
        # Not every server knows base64, the client's default.
        answer = client.embeddings.create(model=model, input=inputs, encoding_format="float")
    except APIStatusError as error:
        raise _refused(error, model) from error
    except APIConnectionError as error:
        raise ModelUnavailable(
            f"The embeddings server at {client.base_url} does not answer "
            f"({type(error).__name__}): start it, or check FOOTNOTE_EMBEDDING_URL."
        ) from error
    except (OpenAIError, ValueError) as error:
        raise _nonsense(client, type(error).__name__) from error
    return _vectors(client, answer.data, len(inputs))


def _vectors(client: OpenAI, data: Sequence[object], wanted: int) -> NDArray[np.float32]:
    found = {getattr(item, "index", None): getattr(item, "embedding", None) for item in data or ()}
    rows = [found.get(at) for at in range(wanted)]
    try:
        vectors = np.array(rows, np.float32)
    except (TypeError, ValueError) as error:
        raise _nonsense(client, "not one vector for each text") from error
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    if vectors.ndim != 2 or not vectors.size or not np.all(np.isfinite(lengths) & (lengths > 0)):
        raise _nonsense(client, "a vector without length")
    unit: NDArray[np.float32] = vectors / lengths
    return unit


def _nonsense(client: OpenAI, what: str) -> ModelUnavailable:
    return ModelUnavailable(
        f"The embeddings server at {client.base_url} sent an answer that is not embeddings "
        f"({what}): check that FOOTNOTE_EMBEDDING_URL ends in the API's root, such as /v1."
    )


def _refused(error: APIStatusError, model: str) -> ModelUnavailable | ConfigError:
    status = error.status_code
    if status >= 500 or status in _CONNECT_RETRIED:
        return ModelUnavailable(
            f"The embeddings server answered {status} for {model}, after retries: "
            "try again shortly, or look at the server's log."
        )
    hints = {
        401: "check FOOTNOTE_EMBEDDING_KEY",
        403: "check FOOTNOTE_EMBEDDING_KEY",
        404: "check FOOTNOTE_EMBEDDING_MODEL and FOOTNOTE_EMBEDDING_URL",
    }
    hint = hints.get(status, "the server's log says why (a text may be too long for the model)")
    return ConfigError(f"The embeddings server answered {status} for {model}: {hint}.")


def _told(client: OpenAI, model: str) -> int:
    # vLLM, which refuses what is longer, tells `max_model_len` in its list of models; the protocol
    # has no place for it.
    try:
        for entry in client.models.list().data:
            length = getattr(entry, "max_model_len", None)
            if entry.id == model and isinstance(length, int):
                return length
    except (OpenAIError, ValueError, TypeError, AttributeError):
        pass
    return 0

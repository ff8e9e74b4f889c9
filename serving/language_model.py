"""The language model: any OpenAI-compatible server (vLLM, Ollama, LiteLLM, OpenAI) as an `LLM`.

Every failure of the server becomes `ModelUnavailable`, here and nowhere else. Does not know
whether the model is any good; the answer is verified sentence by sentence by the caller.
"""

import gc
from collections.abc import Generator, Sequence
from dataclasses import dataclass

from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.llms import LLM

from serving.errors import ConfigError, ModelUnavailable

MAX_ANSWER_TOKENS = 700
CONTEXT_WINDOW = 8192
"""Assumed of the server's model, in tokens; the prompt's budget keeps well below it."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one generation, as the server counted them; 0 where it did not say."""

    prompt_tokens: int = 0
    completion_tokens: int = 0


def open_language_model(
    url: str, model: str, key: str, timeout: float, group: str = "LLM"
) -> LLM | None:
    """The model behind `url`, or None where none is configured. Connects to nothing yet.

    Args:
        timeout: seconds to wait for the connection and for each next token.
        group: how the settings are called that these come from, for the error.

    Raises:
        ConfigError: a url without a model name.
    """
    if not url:
        return None
    if not model:
        raise ConfigError(
            f"FOOTNOTE_{group}_URL is set but FOOTNOTE_{group}_MODEL is not: name the model."
        )
    # Imported here, as below, because it takes a second that an installation without a model saves.
    from llama_index.llms.openai_like import OpenAILike

    llm: LLM = OpenAILike(
        model=model,
        api_base=url,
        api_key=key or "none",
        is_chat_model=True,
        context_window=CONTEXT_WINDOW,
        max_tokens=MAX_ANSWER_TOKENS,
        temperature=0.0,
        timeout=timeout,
        max_retries=1,
        additional_kwargs={"stream_options": {"include_usage": True}},
    )
    return llm


def stream_chat(
    llm: LLM, messages: Sequence[ChatMessage], timeout: float | None = None
) -> Generator[str | Usage, None, None]:
    """Pieces of the reply as they arrive, then the Usage.

    `timeout`: seconds to wait for the connection and each next piece; None: the model's own.

    Closing the iterator closes the connection, which makes the server stop generating.

    Raises:
        ModelUnavailable: the server is down, slow, overloaded or answers with an error.
    """
    import httpx
    import openai

    usage = Usage()
    try:
        options = {} if timeout is None else {"timeout": timeout}
        for response in llm.stream_chat(list(messages), **options):
            if response.delta:
                yield response.delta
            usage = _usage(response.raw) or usage
    except GeneratorExit:
        # The client's stream and its iterator hold each other, and LlamaIndex hands out neither
        # to be closed: without this the connection stays open, and the model writes on, until
        # the collector happens to come by.
        gc.collect()
        raise
    except openai.APIStatusError as error:
        raise ModelUnavailable(
            f"The language model answered with HTTP {error.status_code}. Try again shortly."
        ) from error
    except (openai.APIError, httpx.HTTPError) as error:
        raise ModelUnavailable(
            f"The language model does not answer ({type(error).__name__}). Try again shortly."
        ) from error
    yield usage


def _usage(raw: object) -> Usage | None:
    usage = getattr(raw, "usage", None)
    if usage is None:
        return None
    return Usage(usage.prompt_tokens or 0, usage.completion_tokens or 0)

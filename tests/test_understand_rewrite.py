"""A follow-up rewritten by a language model over the wire, and what is not taken from it."""

from collections.abc import Iterator

import pytest
from llama_index.core.llms import LLM
from opentelemetry.sdk.trace import TracerProvider

from rag.answers import Turn
from rag.store.sparse import SparseEncoder
from rag.trace import Tracer
from rag.understand_rewrite import rewritten
from serving.language_model import open_language_model
from tests.openai_server import OpenAIServer, says

SPARSE = SparseEncoder()
HISTORY = [Turn("What does a parking pass cost?", "35 EUR per month [1].")]


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer() as server:
        yield server


def reply_of(server: OpenAIServer, text: str) -> tuple[str, ...]:
    server.replies.append(says(text))
    llm: LLM | None = open_language_model(server.url, "m", "", 10)
    assert llm is not None
    with Tracer(None, TracerProvider()).trace("ask", input="") as step:
        return rewritten("And who approves it?", HISTORY, SPARSE, llm, step)


def test_a_question_that_keeps_to_the_conversation_is_taken(server: OpenAIServer) -> None:
    assert reply_of(server, "Who approves a parking pass?") == ("Who approves a parking pass?",)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Parking costs 35 EUR.",
        "Who approves a merger of Siemens with Hartmann in Rotterdam?",
        "Who approves a parking pass? " * 30,
        "Who approves it?\n" * 4,
    ],
)
def test_what_strays_or_rambles_is_not(server: OpenAIServer, text: str) -> None:
    assert reply_of(server, text) == ()


def test_a_server_that_fails_is_done_without(server: OpenAIServer) -> None:
    llm = open_language_model("http://127.0.0.1:9/v1", "m", "", 10)
    assert llm is not None
    with Tracer(None, TracerProvider()).trace("ask", input="") as step:
        assert rewritten("And who approves it?", HISTORY, SPARSE, llm, step) == ()

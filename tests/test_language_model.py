"""The real OpenAI client against a server at the wire: what streams, and how it fails."""

import socket
from collections.abc import Iterator

import pytest
from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.llms import LLM

from serving.errors import ConfigError, ModelUnavailable
from serving.language_model import Usage, open_language_model, stream_chat
from tests.openai_server import OpenAIServer, Reply, says

QUESTION = [ChatMessage(role="user", content="How many days?")]
KEY = "sk-very-secret"


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer() as running:
        yield running


def model(url: str, timeout: float = 5.0) -> LLM:
    llm = open_language_model(url, "scripted-8b", KEY, timeout)
    assert llm
    return llm


def test_pieces_arrive_as_they_are_written_then_the_usage(server: OpenAIServer) -> None:
    server.replies.append(Reply(("Twenty ", "days ", "[1].")))
    assert list(stream_chat(model(server.url), QUESTION)) == [
        "Twenty ",
        "days ",
        "[1].",
        Usage(prompt_tokens=321, completion_tokens=12),
    ]
    assert server.asked[0]["model"] == "scripted-8b"
    assert server.asked[0]["messages"] == [{"role": "user", "content": "How many days?"}]
    assert server.keys == [f"Bearer {KEY}"]


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 503])
def test_an_error_of_the_server_is_one_line_without_the_key(
    server: OpenAIServer, status: int
) -> None:
    server.replies.extend([Reply(status=status)] * 3)
    with pytest.raises(ModelUnavailable, match=f"HTTP {status}") as caught:
        list(stream_chat(model(server.url), QUESTION))
    assert KEY not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_fault_that_passes_is_not_noticed(server: OpenAIServer) -> None:
    server.replies.extend([Reply(status=503), says("Twenty days [1].")])
    assert "".join(p for p in stream_chat(model(server.url), QUESTION) if isinstance(p, str)) == (
        "Twenty days [1]."
    )


def test_nobody_listens() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
        with pytest.raises(ModelUnavailable, match="does not answer"):
            list(stream_chat(model(url), QUESTION))


def test_a_server_that_hangs_is_given_up(server: OpenAIServer) -> None:
    server.replies.extend([Reply(("late",), hangs=1.5)] * 2)
    with pytest.raises(ModelUnavailable, match="does not answer"):
        list(stream_chat(model(server.url, timeout=0.3), QUESTION))


def test_a_connection_cut_in_the_middle_keeps_what_came(server: OpenAIServer) -> None:
    server.replies.append(says("Twenty days per year.", dies=True))
    heard: list[object] = []
    with pytest.raises(ModelUnavailable, match="does not answer"):
        heard.extend(iter_into(heard, server.url))
    assert "".join(map(str, heard)) == "Twenty days per year."


def iter_into(heard: list[object], url: str) -> Iterator[object]:
    for piece in stream_chat(model(url), QUESTION):
        heard.append(piece)
    return iter(())


def test_who_stops_listening_hangs_up(server: OpenAIServer) -> None:
    server.replies.append(Reply(tuple("x" * 4000)))
    stream = stream_chat(model(server.url), QUESTION)
    next(stream)
    stream.close()
    assert server.hung_up.wait(10)


def test_a_url_needs_a_model() -> None:
    with pytest.raises(ConfigError, match="FOOTNOTE_LLM_MODEL"):
        open_language_model("http://127.0.0.1:1/v1", "", "", 1.0)


def test_no_url_is_no_model() -> None:
    assert open_language_model("", "", "", 1.0) is None

"""The OpenAI-compatible API through the real `openai` client, over HTTP.

The answers are real where the way through the product is tested, and scripted where the model
fails in the middle.
"""

import threading
from collections.abc import Iterator
from dataclasses import replace

import httpx
import openai
import pytest
import uvicorn
from fastapi import FastAPI

from app.openai_api import Message, conversation, create_openai_api
from app.services import Services
from rag.answers import Retrieved, Said, Sentence, Turn
from rag.types import document_id
from serving.errors import ModelUnavailable, RejectedQuestion
from tests.app.scripted import ScriptedAnswerer, passage, quotes
from tests.app_server import free_port

QUESTION = "What is the daily allowance for travel within the country?"
QUOTE = "The daily allowance for travel within the country is 45 euros."


@pytest.fixture(scope="module")
def answerer(services: Services) -> ScriptedAnswerer:
    return ScriptedAnswerer([])


@pytest.fixture(scope="module")
def url(services: Services) -> Iterator[str]:
    yield from _serve(services)


@pytest.fixture(scope="module")
def scripted_url(services: Services, answerer: ScriptedAnswerer) -> Iterator[str]:
    yield from _serve(replace(services, runtime=replace(services.runtime, answerer=answerer)))


def _serve(services: Services) -> Iterator[str]:
    api = FastAPI()
    api.mount("/v1", create_openai_api(services))
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(api, port=port, log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


def client(url: str) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0)


def messages(*texts: str) -> list[dict[str, str]]:
    roles = ("user", "assistant")
    return [{"role": roles[i % 2], "content": text} for i, text in enumerate(texts)]


def test_there_is_one_model(url):
    with client(url) as api:
        assert [model.id for model in api.models.list()] == ["footnote"]


def test_an_answer_has_its_sources_in_the_text_and_as_annotations(url):
    with client(url) as api:
        reply = api.chat.completions.create(model="footnote", messages=messages(QUESTION))
    message = reply.choices[0].message
    assert f"{QUOTE} [1]" in message.content
    assert f"[1] policy.pdf, p. 2: “{QUOTE}”" in message.content
    cited = message.annotations[0].url_citation
    assert cited.title == "policy.pdf"
    assert cited.url == f"{url}/api/documents/{document_id('policy.pdf')}/original#page=2"
    assert message.content[cited.start_index : cited.end_index] == "[1]"
    extra = reply.model_extra["footnote"]
    assert extra["mode"] == "extractive"
    assert extra["citations"][0]["quote"] == QUOTE
    assert len(extra["trace_id"]) == 32
    assert reply.choices[0].finish_reason == "stop"


def test_a_stream_says_the_same_as_a_whole_answer(url):
    with client(url) as api:
        whole = api.chat.completions.create(model="footnote", messages=messages(QUESTION))
        chunks = list(
            api.chat.completions.create(model="footnote", messages=messages(QUESTION), stream=True)
        )
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert text == whole.choices[0].message.content
    assert chunks[0].choices[0].delta.role == "assistant"
    assert [chunk.choices[0].finish_reason for chunk in chunks[:-1]] == [None] * (len(chunks) - 1)
    assert chunks[-1].choices[0].finish_reason == "stop"
    annotations = chunks[-1].choices[0].delta.model_extra["annotations"]
    assert annotations[0]["url_citation"]["title"] == "policy.pdf"


def test_a_document_of_another_group_is_neither_quoted_nor_named(url):
    with client(url) as api:
        question = "What is the salary of the head of finance?"
        reply = api.chat.completions.create(model="footnote", messages=messages(question))
    assert "9000" not in reply.model_dump_json()
    assert "salary.txt" not in reply.model_dump_json()


def test_a_refusal_says_what_was_searched(url):
    with client(url) as api:
        question = "Who won the football world cup in 1966?"
        reply = api.chat.completions.create(model="footnote", messages=messages(question))
    assert reply.model_extra["footnote"]["refused"]
    assert "Documents searched: 1" in reply.choices[0].message.content
    assert not reply.choices[0].message.annotations


def test_earlier_messages_are_history(scripted_url, answerer):
    answerer.replies = [quotes("Two?", passage("a.txt", "Yes."))]
    with client(scripted_url) as api:
        api.chat.completions.create(
            model="footnote", messages=messages("One?", "First.", "Two?"), temperature=0.2
        )
    question, _, history, _ = answerer.asked[-1]
    assert question == "Two?"
    assert history == (Turn("One?", "First."),)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("question", ["", "   ", "x" * 20_000])
def test_an_impossible_question_is_a_400_before_anything_is_sent(url, question, stream):
    with client(url) as api, pytest.raises(openai.BadRequestError) as caught:
        api.chat.completions.create(model="footnote", messages=messages(question), stream=stream)
    assert caught.value.code == "rejected_question"
    assert caught.value.body["message"]


@pytest.mark.parametrize("body", [{}, {"messages": "hello"}, {"messages": [{"content": "x"}]}])
def test_a_malformed_request_is_a_400_in_openais_format(url, body):
    reply = httpx.post(f"{url}/v1/chat/completions", json=body)
    assert reply.status_code == 400
    assert "messages" in reply.json()["error"]["message"]
    assert reply.json()["error"]["type"] == "invalid_request_error"


def test_no_user_message_is_a_400(url):
    with client(url) as api, pytest.raises(openai.BadRequestError, match="role"):
        api.chat.completions.create(
            model="footnote", messages=[{"role": "system", "content": "Be brief."}]
        )


def test_an_unavailable_model_is_a_503(scripted_url, answerer):
    answerer.replies = [[ModelUnavailable("The model server is down. Try again shortly.")]]
    with client(scripted_url) as api, pytest.raises(openai.InternalServerError) as caught:
        api.chat.completions.create(model="footnote", messages=messages("What?"))
    assert caught.value.status_code == 503
    assert "Try again" in str(caught.value)


def test_an_error_in_the_middle_of_a_stream_reaches_the_client(scripted_url, answerer):
    lost = ModelUnavailable("The model server is gone.")
    answerer.replies = [[Retrieved(()), Said(Sentence("It is so."), ()), lost]]
    heard = []

    def listen(api: openai.OpenAI) -> None:
        given = messages("What?")
        for chunk in api.chat.completions.create(model="footnote", messages=given, stream=True):
            heard.append(chunk.choices[0].delta.content)

    with client(scripted_url) as api, pytest.raises(openai.APIError, match="gone"):
        listen(api)
    assert "".join(heard) == "It is so."


def test_text_parts_are_read_and_the_last_user_message_is_the_question():
    parts = [{"type": "text", "text": "Two?"}, {"type": "image_url", "image_url": {"url": "x"}}]
    given = [
        Message(role="system", content="Be brief."),
        Message(role="user", content="One?"),
        Message(role="assistant", content="First."),
        Message.model_validate({"role": "user", "content": parts}),
    ]
    assert conversation(given) == ("Two?", [Turn("One?", "First.")])


def test_a_conversation_without_a_user_has_no_question():
    with pytest.raises(RejectedQuestion):
        conversation([Message(role="assistant", content="Hello")])

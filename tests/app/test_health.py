"""Noticing a local Ollama, against a real HTTP server that speaks its `/api/tags`."""

import json
import socket

import pytest

from serving.health import local_ollama
from tests.fake_http import HttpSink

TAGS = {"models": [{"name": "qwen3:8b", "size": 5}, {"name": "gemma3:4b"}]}


def test_its_models_are_named():
    with HttpSink(body=json.dumps(TAGS).encode()) as server:
        assert local_ollama(server.url) == ("qwen3:8b", "gemma3:4b")
        assert [seen.path for seen in server.received] == ["/api/tags"]


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"models": [{"id": 1}, 2]}'])
def test_something_else_on_the_port_is_not_an_ollama(body):
    with HttpSink(body=body) as server:
        assert local_ollama(server.url) == ()


def test_nothing_there():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        assert local_ollama(f"http://127.0.0.1:{unused.getsockname()[1]}") == ()


@pytest.mark.parametrize("url", ["http://10.0.0.1:11434", "http://127.0.0.1.evil.example:1"])
def test_only_loopback_is_asked(url):
    with pytest.raises(ValueError, match="loopback"):
        local_ollama(url)

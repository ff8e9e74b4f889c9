"""The guard in front of a small real application, as HTTP requests and a websocket."""

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from app.guard import Guard


async def page(_request):
    return PlainTextResponse("seen")


async def socket(websocket):
    await websocket.accept()
    await websocket.send_text("seen")
    await websocket.close()


def client(host: str = "127.0.0.1") -> TestClient:
    routes = [Route("/", page, methods=["GET", "POST", "DELETE"]), WebSocketRoute("/ws", socket)]
    return TestClient(Guard(Starlette(routes=routes), host), base_url="http://localhost:8501")


@pytest.mark.parametrize("host", ["localhost:8501", "127.0.0.1", "[::1]:8501", "LOCALHOST"])
def test_loopback_names_are_served(host):
    assert client().get("/", headers={"host": host}).text == "seen"


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example:8501", "10.0.0.1", ""])
def test_a_rebound_name_is_refused(host):
    reply = client().get("/", headers={"host": host})
    assert reply.status_code == 403
    assert "localhost" in reply.json()["error"]["message"]


def test_another_name_is_served_where_the_operator_opened_the_server():
    assert client("0.0.0.0").get("/", headers={"host": "footnote.local"}).text == "seen"


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_another_site_cannot_change_anything(method):
    foreign = client().request(method, "/", headers={"origin": "http://evil.example"})
    assert foreign.status_code == 403
    assert client().request(method, "/", headers={"origin": "null"}).status_code == 403
    own = client().request(method, "/", headers={"origin": "http://localhost:8501"})
    assert own.text == "seen"
    assert client().request(method, "/").text == "seen"  # no browser: curl, the OpenAI client


def test_another_site_cannot_open_the_pages_socket():
    def headers(origin: str) -> dict[str, str]:
        return {"host": "localhost:8501", "origin": origin}

    with client().websocket_connect("/ws", headers=headers("http://localhost:8501")) as opened:
        assert opened.receive_text() == "seen"
    foreign = client().websocket_connect("/ws", headers=headers("http://evil.example"))
    with pytest.raises(WebSocketDisconnect), foreign:
        pass


def test_the_browser_is_told_to_load_from_here_alone():
    headers = client().get("/").headers
    assert "default-src 'self'" in headers["content-security-policy"]
    assert "http" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"

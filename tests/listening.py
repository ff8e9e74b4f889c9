"""A whole day of Footnote in one process, under a hook that notes every word to other machines.

`python -m tests.listening PDF HTML`: prints a JSON object: `answers`, and `heard`, the connections
and look-ups that were not of this machine, and `started`, the programs that were started. The
hook hears Python's sockets, not those that compiled code opens by itself.
`python -m tests.listening --parse …`: the same for the child that reads a file.
"""

import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

LOCAL = ("127.", "::1", "localhost", "/", "\x00")
HEARD: list[str] = []
STARTED: list[str] = []
_CONNECTING = {"socket.connect", "socket.sendto", "socket.sendmsg"}
_LOOKING_UP = {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"}


def listen(event: str, arguments: tuple[Any, ...]) -> None:
    if event in _CONNECTING and arguments[1] is not None:
        address = arguments[1]
        note(event, address[0] if isinstance(address, tuple) else address)
    elif event in _LOOKING_UP:
        note(event, arguments[0])
    elif event == "subprocess.Popen":
        STARTED.append(" ".join(map(os.fsdecode, arguments[1])))


def note(event: str, host: object) -> None:
    name = os.fsdecode(host) if isinstance(host, str | bytes) else ""
    if host is not None and not name.startswith(LOCAL):
        HEARD.append(f"{event} {host!r}")


def use(files: list[str]) -> list[str]:
    """Serve, take the files in, ask in both languages; the answers."""
    from starlette.testclient import TestClient

    from app.main import create_app
    from app.services import open_services
    from rag.settings import load_settings
    from serving.quiet import switch_telemetry_off

    switch_telemetry_off()
    with TestClient(create_app(open_services(load_settings())), "http://localhost") as client:
        for file in files:
            parts = {"file": (Path(file).name, Path(file).read_bytes())}
            reply = client.post("/api/documents", files=parts)
            assert reply.status_code == 202, reply.text
            address = f"/api/documents/{reply.json()['id']}"
            while (state := client.get(address).json()["state"]) in ("waiting", "working"):
                time.sleep(0.1)
            assert state == "ready", client.get(address).text
        return [complete(client, question) for question in json.loads(sys.stdin.read())]


def complete(client: Any, question: str) -> str:
    body = {"model": "footnote", "messages": [{"role": "user", "content": question}]}
    reply = client.post("/v1/chat/completions", json=body)
    assert reply.status_code == 200, reply.text
    return str(reply.json()["choices"][0]["message"]["content"])


def parse(path: str, name: str, target: str) -> None:
    """What a child of the reading process does with its file."""
    from ingest.guard.forkserver import read
    from ingest.guard.parser import READ
    from ingest.limits import Limits

    with tempfile.TemporaryDirectory() as folder, Path(target).open("wb") as file:
        assert read(Path(path), name, Path(folder), Limits(), file) == READ


def main(arguments: list[str]) -> None:
    sys.addaudithook(listen)
    if arguments[0] == "--parse":
        parse(*arguments[1:])
        found: dict[str, object] = {"answers": []}
    else:
        found = {"answers": use(arguments)}
    json.dump({**found, "heard": HEARD, "started": STARTED}, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1:])

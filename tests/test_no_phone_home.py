"""Nothing leaves the machine: not from serving, not from reading files, not for telemetry.

The product runs in a process of its own under `tests.listening`, whose hook notes every connection
and look-up of another machine before it is made, so that this holds without a network too. Code
that is not Python's can evade the hook; `strace -f -e trace=connect` showed none when this was
written.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from serving.quiet import SWITCHES
from tests.app_server import ROOT
from tests.writer import Writer

IT = ROOT / "data" / "organisation" / "it"
PDF = ROOT / "data" / "organisation" / "finance" / "procurement-policy.pdf"
FILES = [PDF, IT / "it-help.html", IT / "security-policy.docx"]
QUESTIONS = ["How long does a locked account stay locked?", "Какой длины должен быть пароль?"]


def run(*arguments: str, stdin: str = "", **environment: str) -> str:
    own = {k: v for k, v in os.environ.items() if not k.startswith("FOOTNOTE_")}
    for switch in SWITCHES:  # whoever runs the tests may have them set
        own.pop(switch, None)
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=own | environment,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def listen(*arguments: str, stdin: str = "", **environment: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        run("-m", "tests.listening", *arguments, stdin=stdin, **environment)
    )
    return found


def strangers(commands: list[str]) -> list[str]:
    """Programs other than our reader and those by which libraries ask what machine this is."""
    known = (" -m ingest.guard.forkserver", "uname", "ldconfig")
    return [command for command in commands if not any(name in command for name in known)]


def test_serving_documents_and_questions_speaks_to_this_machine_alone(data_dir: Path):
    with Writer() as writer:
        writer.will_write("An account unlocks by itself after 20 minutes [1].")
        writer.let(len(QUESTIONS))
        found = listen(
            *map(str, FILES),
            stdin=json.dumps(QUESTIONS),
            FOOTNOTE_DATA_DIR=str(data_dir),
            FOOTNOTE_LLM_URL=writer.url,
            FOOTNOTE_LLM_MODEL="scripted",
        )
    assert writer.asked.is_set()
    assert found["heard"] == []
    assert len(found["answers"]) == len(QUESTIONS)
    assert "after 20 minutes" in found["answers"][0]
    readers = [command for command in found["started"] if " -m ingest.guard.forkserver" in command]
    assert readers
    assert strangers(found["started"]) == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.suffix)
def test_reading_a_file_speaks_to_nobody(file: Path, tmp_path: Path):
    found = listen("--parse", str(file), file.name, str(tmp_path / "read.json"))
    assert found["heard"] == []
    assert strangers(found["started"]) == []
    assert (tmp_path / "read.json").stat().st_size > 100


def test_the_hook_hears_what_is_said_to_others():
    code = (
        "import contextlib, socket, sys; from tests.listening import HEARD, listen; "
        "sys.addaudithook(listen); socket.create_connection, s = None, socket.socket(); "
        "s.setblocking(False)\n"
        "with contextlib.suppress(OSError): s.connect(('192.0.2.1', 9))\n"
        "with contextlib.suppress(OSError): socket.getaddrinfo('host.invalid', 80)\n"
        "print(HEARD)"
    )
    heard = run("-c", code)
    assert "192.0.2.1" in heard
    assert "host.invalid" in heard


@pytest.mark.parametrize(
    ("entry", "arguments"),
    [("app", ""), ("ingest", "['list']"), ("rag.evaluate", "['run', 'nowhere']")],
)
def test_every_entry_switches_telemetry_off_before_its_libraries(entry: str, arguments: str):
    code = (
        f"import os, sys, {entry}.__main__ as entry\n"
        "names = {'huggingface_hub', 'transformers', 'streamlit', 'unstructured'}\n"
        "early = sorted(names & set(sys.modules))\n"
        f"assert entry.main({arguments}) > 0\n"
        f"print(early, {{name: os.environ[name] for name in {list(SWITCHES)}}} == {SWITCHES})"
    )
    assert run("-c", code, FOOTNOTE_NO_SUCH_SETTING="1").strip() == "[] True"


def test_the_libraries_read_the_switches_as_off():
    code = (
        "from serving.quiet import switch_telemetry_off; switch_telemetry_off()\n"
        "import streamlit, unstructured.utils; from huggingface_hub import constants\n"
        "print(streamlit.get_option('browser.gatherUsageStats'), "
        "constants.HF_HUB_DISABLE_TELEMETRY, unstructured.utils._telemetry_opt_out())"
    )
    assert run("-W", "ignore", "-c", code).split() == ["False", "True", "True"]

"""Starting the server: settings, port, theme."""

import os
import socket
import subprocess
import sys

import pytest

from app.__main__ import listen
from rag.settings import Settings
from serving.errors import ConfigError
from tests.app_server import ROOT, free_port


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("FOOTNOTE_")}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**kept, **environment},
        capture_output=True,
        text=True,
        timeout=180,
    )


def test_a_busy_port_is_one_clear_line_before_anything_is_opened(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        data_dir = tmp_path / "var"
        done = run("-m", "app", FOOTNOTE_PORT=port, FOOTNOTE_DATA_DIR=str(data_dir))
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert port in done.stderr
    assert "FOOTNOTE_PORT" in done.stderr
    assert not data_dir.exists()


def test_an_unknown_setting_is_one_clear_line():
    done = run("-m", "app", FOOTNOTE_PROT="1")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "FOOTNOTE_PORT" in done.stderr


def test_a_second_server_cannot_take_the_port_while_the_first_is_loading():
    settings = Settings(port=free_port())
    with listen(settings), pytest.raises(ConfigError, match="FOOTNOTE_PORT"):
        listen(settings)


def test_the_theme_and_the_quiet_settings_are_read():
    code = (
        "import streamlit as st, app.main as m; m.App(m._FRAME); "
        "print([st.get_option(k) for k in ('theme.light.primaryColor', "
        "'browser.gatherUsageStats', 'client.toolbarMode', 'server.fileWatcherType')])"
    )
    done = run("-W", "ignore", "-c", code)
    assert done.stdout.strip() == "['#2f6f5e', False, 'minimal', 'none']"

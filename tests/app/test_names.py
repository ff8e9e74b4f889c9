"""Streamlit puts `app/` first on the path: no file in it may hide a library or one of ours."""

import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import app

FOLDER = Path(app.__file__).parent
OURS = {"app", "ingest", "rag", "serving", "data"}


def modules() -> set[str]:
    """What `import NAME` would find with `app/` first on the path."""
    files = {path.stem for path in FOLDER.glob("*.py")} - {"__init__", "__main__"}
    folders = {path.name for path in FOLDER.iterdir() if path.is_dir()}
    return files | (folders - {"__pycache__"})


def test_no_file_hides_a_library():
    taken = set(packages_distributions()) | set(sys.stdlib_module_names) | OURS
    assert not modules() & taken


def test_the_check_sees_files_and_libraries():
    assert "frame" in modules()
    assert {"streamlit", "fastapi", "uvicorn"} <= set(packages_distributions())

"""Render data/sources/*.md into data/organisation and write data/manifest.json.

Usage: python data/build.py [FOLDER]; FOLDER (default: data/) receives organisation/ and the
manifest. Needs reportlab, python-docx, python-pptx, openpyxl and Debian's fonts-dejavu-core.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path

from render.office import write_docx, write_pptx, write_xlsx
from render.pdf import write_pdf
from render.source import Source, read_source
from render.text import write_html, write_mail, write_markdown, write_text

HERE = Path(__file__).parent
WRITERS: dict[str, Callable[[Source, Path], None]] = {
    "docx": write_docx,
    "eml": write_mail,
    "html": write_html,
    "md": write_markdown,
    "pdf": write_pdf,
    "pptx": write_pptx,
    "txt": write_text,
    "xlsx": write_xlsx,
}


def build(folder: Path) -> list[dict[str, object]]:
    """Write every document and the manifest below `folder`; returns the manifest's rows."""
    sources = [read_source(path) for path in sorted((HERE / "sources").glob("*.md"))]
    for source in sources:
        path = folder / "organisation" / source.name
        path.parent.mkdir(parents=True, exist_ok=True)
        WRITERS[source.meta["format"]](source, path)
    rows = sorted((manifest_row(source) for source in sources), key=lambda row: str(row["name"]))
    text = json.dumps(rows, ensure_ascii=False, indent=2)
    (folder / "manifest.json").write_text(text + "\n", encoding="utf-8")
    return rows


def manifest_row(source: Source) -> dict[str, object]:
    return {
        "file": f"organisation/{source.name}",
        "name": source.name,
        "title": source.title,
        "language": source.meta["language"],
        "groups": source.groups,
    }


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE
    print(f"{len(build(target))} documents written below {target}")  # noqa: T201

"""HTML, Markdown, plain text and mail."""

import re
from email.message import EmailMessage
from email.policy import SMTP
from html import escape
from pathlib import Path

from render.source import Block, Source

_PAGE = """<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<title>{title}</title>
<style>
body {{ font: 16px/1.5 sans-serif; max-width: 48rem; margin: 2rem auto; color: #1d2733; }}
table {{ border-collapse: collapse; }}
th, td {{ border: 1px solid #b8c4d0; padding: .3rem .6rem; text-align: left; }}
</style>
</head>
<body>
<h1>{title}</h1>
{body}
</body>
</html>
"""


def write_markdown(source: Source, path: Path) -> None:
    path.write_text(f"# {source.title}\n\n{source.body}", encoding="utf-8")


def write_text(source: Source, path: Path) -> None:
    """In the encoding that the front matter names, UTF-8 without one."""
    path.write_bytes(source.body.encode(source.meta.get("encoding", "utf-8")))


def write_html(source: Source, path: Path) -> None:
    body = "\n".join(_html(block) for block in source.blocks)
    page = _PAGE.format(language=source.meta["language"], title=escape(source.title), body=body)
    path.write_text(page, encoding="utf-8")


def _html(block: Block) -> str:
    if block.kind == "heading":
        return f"<h{block.level}>{_inline(block.text)}</h{block.level}>"
    if block.kind == "paragraph":
        return f"<p>{_inline(block.text)}</p>"
    if block.kind == "table":
        head, *rows = block.rows
        lines = [_row("th", head), *(_row("td", row) for row in rows)]
        return "<table>\n" + "\n".join(lines) + "\n</table>"
    tag = "ol" if block.kind == "numbers" else "ul"
    items = "\n".join(f"<li>{_inline(line)}</li>" for line in block.lines)
    return f"<{tag}>\n{items}\n</{tag}>"


def _row(tag: str, cells: tuple[str, ...]) -> str:
    return "<tr>" + "".join(f"<{tag}>{_inline(cell)}</{tag}>" for cell in cells) + "</tr>"


def _inline(text: str) -> str:
    bold = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", escape(text, quote=False))
    return re.sub(r"`(.+?)`", r"<code>\1</code>", bold)


def write_mail(source: Source, path: Path) -> None:
    """`sent` is an RFC 5322 date; `attachment` names a file of data/sources/attachments."""
    meta = source.meta
    message = EmailMessage(policy=SMTP)
    message["From"] = meta["from"]
    message["To"] = meta["to"]
    message["Subject"] = source.title
    message["Date"] = meta["sent"]
    message["Message-ID"] = f"<{Path(source.name).stem}@velmora.example>"
    message.set_content(source.body)
    if attachment := meta.get("attachment"):
        folder = Path(__file__).parents[1] / "sources" / "attachments"
        content = (folder / attachment).read_text(encoding="utf-8")
        message.add_attachment(content, subtype="csv", filename=attachment)
        message.set_boundary("=_velmora_instruments")
    path.write_bytes(bytes(message))

"""RTF, ODT, ODS, EPUB, FB2 and RST, each made here: structure, tables, notes, Cyrillic."""

import zipfile
from pathlib import Path

import pytest

from ingest.parse import parse
from serving.errors import RejectedFile


def elements(path: Path, data: bytes) -> list[tuple[str, int | None, str]]:
    path.write_bytes(data)
    found = parse(path, path.name).elements
    return [(e.category, e.metadata.category_depth, e.text) for e in found]


def zipped(path: Path, parts: dict[str, str]) -> bytes:
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return path.read_bytes()


def hexed(text: str, encoding: str) -> str:
    return "".join(f"\\'{byte:02x}" for byte in text.encode(encoding))


@pytest.mark.parametrize("how", ["font", "codepage", "unicode"])
def test_rtf_in_russian(tmp_path: Path, how: str) -> None:
    text = "Отпуск длится 28 дней."
    said = {
        "font": r"{\fonttbl{\f0\fcharset0 Arial;}{\f1\fcharset204 Arial;}}\f1 "
        + hexed(text, "cp1251"),
        "codepage": r"\ansicpg1251 " + hexed(text, "cp1251"),
        "unicode": r"\uc1 " + "".join(f"\\u{ord(c)}?" if c > "~" else c for c in text),
    }[how]
    assert elements(tmp_path / "a.rtf", rf"{{\rtf1\ansi {said}\par}}".encode("ascii")) == [
        ("NarrativeText", None, text)
    ]


def test_rtf_structure(tmp_path: Path) -> None:
    data = rb"""{\rtf1\ansi{\stylesheet{\s0 Normal;}{\s1 heading 1;}{\*\cs9 Strong;}}
{\info{\title Not text}}{\header Internal\par}
\pard\s1 Leave\par
\pard\plain Twenty {\deleted thirty }{\v hidden }days{\footnote \chftn Per year.} a year.\par
{\pntext 1.\tab}First\par {\listtext\'b7\tab}Second\par
\trowd\clvmgf\cellx1000\cellx2000\pard\intbl Zone A\cell Day\cell\row
\trowd\clvmrg\cellx1000\cellx2000\pard\intbl\cell Night\cell\row
\pard {\field{\*\fldinst HYPERLINK "http://x"}{\fldrslt link}} {\pict\wmetafile8 01}\bin3 }}}end\par
\pard Smile \u-10179?\u-8704? \emdash  done\par}"""
    assert elements(tmp_path / "a.rtf", data) == [
        ("Title", 0, "Leave"),
        ("NarrativeText", None, "Twenty days[1] a year."),
        ("NarrativeText", None, "[1] Per year."),
        ("ListItem", 0, "1. First"),
        ("ListItem", 0, "Second"),
        ("Table", None, "Zone A | Day\nZone A | Night"),
        ("NarrativeText", None, "link end"),
        ("NarrativeText", None, "Smile 😀 — done"),
        ("Header", None, "Internal"),
    ]


NAMESPACES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{long}:1.0"'
    for name, long in (("office", "office"), ("text", "text"), ("table", "table"),
                       ("draw", "drawing"), ("style", "style"))
)  # fmt: skip


ODT_BODY = """
<text:tracked-changes><text:deletion><text:p>Deleted.</text:p></text:deletion>
</text:tracked-changes>
<text:table-of-content><text:index-body><text:p>Отпуск 1</text:p>
</text:index-body></text:table-of-content>
<text:h text:outline-level="2">Отпуск</text:h>
<text:p>Срок<text:s text:c="3"/>28<text:tab/>дней<text:note>
<text:note-citation>1</text:note-citation>
<text:note-body><text:p>В год.</text:p></text:note-body></text:note>.<office:annotation>
<creator>Anna</creator><text:p>Still so?</text:p></office:annotation></text:p>
<text:list><text:list-item><text:p>one</text:p><text:list><text:list-item><text:p>two</text:p>
</text:list-item></text:list></text:list-item></text:list>
<text:p><draw:frame><draw:text-box><text:p>Boxed.</text:p></draw:text-box></draw:frame></text:p>
<table:table><table:table-header-rows><table:table-row><table:table-cell><text:p>Zone</text:p>
</table:table-cell><table:table-cell><text:p>Fee</text:p></table:table-cell></table:table-row>
</table:table-header-rows><table:table-row><table:table-cell table:number-rows-spanned="2">
<text:p>A</text:p></table:table-cell><table:table-cell><text:p>60</text:p></table:table-cell>
</table:table-row><table:table-row><table:covered-table-cell/><table:table-cell><text:p>90</text:p>
</table:table-cell></table:table-row></table:table>"""


def opened(path: Path, body: str, styles: str = "", kind: str = "text") -> bytes:
    """An OpenDocument file with this body."""
    return zipped(
        path,
        {
            "mimetype": f"application/vnd.oasis.opendocument.{kind}",
            "META-INF/manifest.xml": "<manifest/>",
            "content.xml": f"<office:document-content {NAMESPACES}><office:body>"
            f"<office:{kind}>{body}</office:{kind}></office:body></office:document-content>",
            "styles.xml": f"<office:document-styles {NAMESPACES}>{styles}</office:document-styles>",
        },
    )


def test_odt(tmp_path: Path) -> None:
    styles = """<style:master-page><style:header><text:p>Internal <text:page-number>1
</text:page-number></text:p></style:header></style:master-page>"""
    assert elements(tmp_path / "a.odt", opened(tmp_path / "x", ODT_BODY, styles)) == [
        ("Title", 1, "Отпуск"),
        ("NarrativeText", None, "Срок 28 дней[1]."),
        ("NarrativeText", None, "[1] В год."),
        ("ListItem", 0, "one"),
        ("ListItem", 1, "two"),
        ("NarrativeText", None, "Boxed."),
        ("Table", None, "Zone | Fee\nA | 60\nA | 90"),
        ("Header", None, "Internal"),
        ("NarrativeText", None, "Comment by Anna: Still so?"),
    ]


def test_ods_with_a_million_empty_rows(tmp_path: Path) -> None:
    cell = "<table:table-cell><text:p>{}</text:p></table:table-cell>"
    body = (
        "<table:table table:name='Prices'><table:table-row>"
        + cell.format("Код") + cell.format("Цена")
        + "</table:table-row><table:table-row>" + cell.format("A") + cell.format("12,50 ₽")
        + "</table:table-row><table:table-row table:number-rows-repeated='1048576'>"
        "<table:table-cell table:number-columns-repeated='16384'/></table:table-row></table:table>"
    )  # fmt: skip
    data = opened(tmp_path / "x", body, kind="spreadsheet")
    found = elements(tmp_path / "a.ods", data)
    assert found == [
        ("Title", 0, "Prices"),
        ("Table", None, "Код | Цена\nA | 12,50 ₽"),
    ]


def test_locked_odt(tmp_path: Path) -> None:
    data = zipped(
        tmp_path / "x",
        {
            "mimetype": "application/vnd.oasis.opendocument.text",
            "META-INF/manifest.xml": "<manifest><encryption-data/></manifest>",
            "content.xml": "noise",
        },
    )
    with pytest.raises(RejectedFile, match="locked with a password"):
        elements(tmp_path / "a.odt", data)


def book(path: Path, **more: str) -> bytes:
    """An EPUB whose second chapter stands first in the file and has no heading."""
    page = "<html xmlns='http://www.w3.org/1999/xhtml'><head><title/></head><body>{}</body></html>"
    parts = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": "<container><rootfiles>"
        "<rootfile full-path='in/b.opf'/></rootfiles></container>",
        "in/b.opf": "<package><metadata><title>Зимний спорт</title><creator>Benson</creator>"
        "</metadata><manifest>"
        "<item id='n' href='nav.xhtml' properties='nav' media-type='application/xhtml+xml'/>"
        "<item id='t' href='toc.ncx' media-type='application/x-dtbncx+xml'/>"
        "<item id='b' href='b%20two.xhtml' media-type='application/xhtml+xml'/>"
        "<item id='a' href='a.xhtml' media-type='application/xhtml+xml'/></manifest>"
        "<spine><itemref idref='n'/><itemref idref='a'/><itemref idref='b'/></spine>"
        "<guide><reference type='toc' href='a.xhtml#contents'/></guide></package>",
        "in/toc.ncx": "<ncx><navMap><navPoint><navLabel><text>Two</text></navLabel>"
        "<content src='b%20two.xhtml#x'/></navPoint></navMap></ncx>",
        "in/nav.xhtml": page.format("<p>Contents: One, Two</p>"),
        "in/b two.xhtml": page.format("<p>Second&nbsp;text.<a id='x'/> More.</p>"),
        "in/a.xhtml": page.format("<h1>One</h1><p>First &amp; foremost.</p>"),
    }
    return zipped(path, parts | more)


def test_epub(tmp_path: Path) -> None:
    assert elements(tmp_path / "a.epub", book(tmp_path / "x")) == [
        ("NarrativeText", None, "Зимний спорт\nBenson"),
        ("Title", 0, "One"),
        ("NarrativeText", None, "First & foremost."),
        ("Title", 0, "Two"),
        ("NarrativeText", None, "Second text. More."),
    ]


@pytest.mark.parametrize(
    ("algorithm", "readable"),
    [
        ("http://www.idpf.org/2008/embedding", True),
        ("http://www.w3.org/2001/04/xmlenc#aes128-cbc", False),
    ],
)
def test_encrypted_epub(tmp_path: Path, algorithm: str, readable: bool) -> None:
    encryption = f"<encryption><EncryptionMethod Algorithm='{algorithm}'/></encryption>"
    data = book(tmp_path / "x", **{"META-INF/encryption.xml": encryption})
    if readable:
        assert elements(tmp_path / "a.epub", data)
    else:
        with pytest.raises(RejectedFile, match="encrypted"):
            elements(tmp_path / "a.epub", data)


def test_fb2(tmp_path: Path) -> None:
    data = """<?xml version="1.0" encoding="windows-1251"?>
<FictionBook xmlns="http://www.gribuser.ru/xml/fictionbook/2.0"><description><title-info>
<author><first-name>Иван</first-name><last-name>Петров</last-name></author>
<book-title>Правила</book-title></title-info></description>
<body><section><title><p>Глава 1</p><p>Отпуск</p></title><section><title><p>Срок</p></title>
<p>28 <strong>дней</strong>.</p><table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr>
</table></section></section></body><binary id="x">AAAA</binary></FictionBook>"""
    assert elements(tmp_path / "a.fb2", data.encode("cp1251")) == [
        ("NarrativeText", None, "Правила\nИван Петров"),
        ("Title", 1, "Глава 1 Отпуск"),
        ("Title", 2, "Срок"),
        ("NarrativeText", None, "28 дней."),
        ("Table", None, "a | b\n1 | 2"),
    ]


RST = """Отпуск
======

Срок
----

См. :ref:`раздел <x>` и ``код``.

.. include:: SECRET
.. raw:: html

   <script>evil()</script>

.. versionadded:: 3.2
   Новое.

.. toctree::

   other

* one

  * two

#. first
#. second

term
   definition

+------+-----+
| Zone | Fee |
+======+=====+
| A    | 60  |
|      +-----+
|      | 90  |
+------+-----+

::

   x = 1
     y
"""


def test_rst(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    text = RST.replace("SECRET", str(tmp_path / "secret"))
    assert elements(tmp_path / "a.rst", text.encode()) == [
        ("Title", 0, "Отпуск"),
        ("Title", 1, "Срок"),
        ("NarrativeText", None, "См. раздел и код."),
        ("NarrativeText", None, "3.2"),
        ("NarrativeText", None, "Новое."),
        ("ListItem", 0, "one"),
        ("ListItem", 1, "two"),
        ("ListItem", 0, "1. first"),
        ("ListItem", 0, "2. second"),
        ("ListItem", 0, "term: definition"),
        ("Table", None, "Zone | Fee\nA | 60\nA | 90"),
        ("CodeSnippet", None, "x = 1\n  y"),
    ]

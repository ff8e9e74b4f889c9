"""HTML: structure that is marked up, boilerplate that is marked as such, and nothing that runs."""

from pathlib import Path

import pytest

from ingest.parse import parse
from ingest.parse.html import parse_html_text


def lines(html: str) -> list[tuple[str, int | None, str]]:
    return [(e.category, e.metadata.category_depth, e.text) for e in parse_html_text(html)]


def texts(html: str) -> list[str]:
    return [text for _, _, text in lines(html)]


def test_headings_lists_definitions_and_code() -> None:
    html = """<h1>Leave<br>rules</h1><div>Loose <b>text</b> of
    a div.<p>A paragraph.</div><h3>Deeper</h3>
    <ul><li>one<ul><li>one a<p>more of it</p></li></ul></li><li>two</li></ul>
    <ol start="3"><li>three<li value="7">seven</ol>
    <dl><dt>Zone<dd>An area<dt>Open?<dd>Yes<dt>Alone</dl>
    <pre>if x:
\ty = 1</pre><p>first<br>second</p><blockquote>Quoted.</blockquote>"""
    assert lines(html) == [
        ("Title", 0, "Leave rules"),
        ("NarrativeText", None, "Loose text of a div."),
        ("NarrativeText", None, "A paragraph."),
        ("Title", 2, "Deeper"),
        ("ListItem", 0, "one"),
        ("ListItem", 1, "one a"),
        ("NarrativeText", None, "more of it"),
        ("ListItem", 0, "two"),
        ("ListItem", 0, "3. three"),
        ("ListItem", 0, "7. seven"),
        ("ListItem", 0, "Zone: An area"),
        ("ListItem", 0, "Open? Yes"),
        ("ListItem", 0, "Alone"),
        ("CodeSnippet", None, "if x:\n    y = 1"),
        ("NarrativeText", None, "first\nsecond"),
        ("NarrativeText", None, "Quoted."),
    ]


@pytest.mark.parametrize(
    "aside",
    [
        "<nav>x</nav>", "<div role='navigation'>x</div>", "<footer>x</footer>",
        "<div class='cookie-banner'>x</div>", "<div id='gdpr-consent'>x</div>", "<p hidden>x</p>",
        "<p style='display: none'>x</p>", "<script>x</script>", "<style>x</style>",
        "<div class='breadcrumbs'>x</div>", "<select><option>x</option></select>",
        "<template>x</template>", "<iframe src='http://example.org'>x</iframe>",
        "<svg><text>x</text></svg>", "<noscript>x</noscript>", "<!-- x -->",
    ],
)  # fmt: skip
def test_what_is_marked_as_no_part_of_the_text_is_left_out(aside: str) -> None:
    assert texts(f"<body><p>Before.</p>{aside}<p>After.</p></body>") == ["Before.", "After."]


def test_what_only_looks_like_it_is_kept() -> None:
    html = (
        "<div class='cookie-recipe'>Bake.</div><div class='navigator'>Steer.</div>"
        "<article><footer>By Anna.</footer></article><div id='consent-form-law'>Sign.</div>"
    )
    assert texts(html)[:3] == ["Bake.", "Steer.", "By Anna."]


def test_a_page_of_nothing_but_navigation_is_read() -> None:
    assert texts("<nav><a href=x>Home</a></nav>") == ["Home"]


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("10<sup>6</sup> m<sup>2</sup>", "10⁶ m²"),
        ("law.<sup><a href=#n>12</a></sup> Next", "law.[12] Next"),
        ("1<sup>st</sup>", "1st"),
        ("H<sub>2</sub>O", "H2O"),
        ("a&nbsp;&mdash;&#8203;b &amp;lt;", "a —\u200bb &lt;"),
    ],
)
def test_raised_text_and_characters(html: str, text: str) -> None:
    assert texts(f"<p>{html}</p>") == [text]


def test_tables_of_data_and_tables_of_layout() -> None:
    data = (
        "<table><caption>Fees</caption><tr><th rowspan=2>Zone<th>Day<tr><th>night<br>only"
        "<tr><td rowspan=2>A<td>60<tr><td><p>9</p><p>0</p></table>"
    )
    assert lines(data) == [
        ("NarrativeText", None, "Fees"),
        ("Table", None, "Zone | Day\nZone | night only\nA | 60\nA | 9 0"),
    ]
    layout = "<table><tr><td><h1>Fees</h1><p>Text.</p><td><ul><li>x</ul></table>"
    assert lines(layout) == [
        ("Title", 0, "Fees"),
        ("NarrativeText", None, "Text."),
        ("ListItem", 0, "x"),
    ]
    outer = f"<table><tr><td>Menu<td>{data}</table>"
    assert [kind for kind, _, _ in lines(outer)] == ["NarrativeText", "NarrativeText", "Table"]


def test_a_wrong_declaration_of_the_encoding(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    text = "<html><head><meta charset='{}'></head><body><p>Отпуск длится 28 дней.</p></body></html>"
    for declared, real in (("utf-8", "cp1251"), ("nonsense", "koi8-r"), ("windows-1251", "cp1251")):
        path.write_bytes(text.format(declared).encode(real))
        assert [e.text for e in parse(path, "a.html").elements] == ["Отпуск длится 28 дней."]


def test_markdown_with_fields_at_its_top(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text(
        "---\ntitle: Отпуск\ndate: 2026-01-02\n---\n# Срок\n\n- a\n  - b\n\n"
        "| k | v |\n|---|---|\n| `x|` | 2 |\n\n```py\nx = 1\n  y\n```\n\n---\n\n"
        "End <script>x</script>.\n"
    )
    found = [(e.category, e.text) for e in parse(path, "a.md").elements]
    assert found[:4] == [
        ("NarrativeText", "title: Отпуск\ndate: 2026-01-02"),
        ("Title", "Срок"),
        ("ListItem", "a"),
        ("ListItem", "b"),
    ]
    assert ("CodeSnippet", "x = 1\n  y") in found
    assert found[-1] == ("NarrativeText", "End .")

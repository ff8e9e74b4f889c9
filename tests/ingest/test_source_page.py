"""What is kept of a web page."""

import pytest

from ingest.sources.page import main_page


def test_a_page_is_decoded_as_the_server_says():
    page = "<p>Обед длится сорок пять минут.</p>"
    for data, charset in ((page.encode("koi8-r"), "koi8-r"), (page.encode(), "")):
        assert "Обед длится" in main_page(data, charset, "http://x/").decode()
    declared = '<meta charset="windows-1251">' + page
    assert "Обед длится" in main_page(declared.encode("cp1251"), "", "http://x/").decode()


ARTICLE = """<h1>Leave</h1><p>Employees have 28 days. They are taken by the end of March of the
next year, or they lapse.</p><h2>Illness</h2><p>A certificate is needed from the fourth day of an
illness, and is sent to the head of department.</p>
<table><tr><td>NO</td><td>25</td></tr></table>"""
LINKS = "".join(f"<li><a href='/{n}'>Part {n} of the handbook</a></li>" for n in range(30))


@pytest.mark.parametrize(
    "page",
    [
        f"<nav>{LINKS}</nav><main>{ARTICLE}</main><footer>© 2026</footer>",
        f"<header>{LINKS}</header><div>{ARTICLE}</div><footer>© 2026</footer>",
        f"<div role='navigation'>{LINKS}</div><div role='main'>{ARTICLE}</div>",
        f"<div><ul>{LINKS}</ul></div><div>{ARTICLE}</div><div><p>Copyright 2026 Us.</p></div>",
    ],
    ids=["landmarks", "header and footer", "roles", "nothing but div"],
)
def test_what_stands_around_the_content_goes_and_the_content_stays(page):
    kept = main_page(f"<title>T</title><body>{page}</body>".encode(), "", "http://x/").decode()
    assert "Part 7" not in kept
    for wanted in ("Leave", "Employees have 28 days.", "<td>NO</td>", "<td>25</td>", "<title>T<"):
        assert wanted in kept


def test_an_aside_inside_the_content_stays():
    page = "<main><p>Apply in April.</p><aside>Note: the portal closes at noon.</aside></main>"
    assert b"closes at noon" in main_page(page.encode(), "", "http://x/")


def test_a_page_without_text_is_kept_as_it_is():
    for data in (b"", b"  ", b"<html><body><img src=a></body></html>"):
        assert main_page(data, "", "http://x/") == data

"""Following a web site on loopback: sitemaps, robots.txt, conditional requests, bad servers."""

import gzip
from collections.abc import Iterator
from typing import Any

import pytest

from ingest.sources import Item, TooLarge
from ingest.sources.config import WebConfig
from ingest.sources.seen import Synced
from ingest.sources.sitemap import read_sitemap
from ingest.sources.sync import sync
from ingest.sources.visitor import host_of
from ingest.sources.web import WebSource, key_of
from rag.types import State
from serving.errors import SourceUnavailable
from tests.web_server import Page, WebSite

MENU = "<nav><ul><li><a href='/x'>Menu entry</a></li></ul></nav>"


@pytest.fixture
def site() -> Iterator[WebSite]:
    with WebSite() as site:
        yield site


def source(site: WebSite, max_bytes: int = 1 << 20, **fields: Any) -> WebSource:
    chosen = {"sitemap": f"{site.url}/sitemap.xml"} if "urls" not in fields else {}
    config = WebConfig(name="site", kind="web", delay=0, **chosen, **fields)
    return WebSource(config, max_bytes)


def follow(pipeline: Any, source: WebSource, force: bool = False) -> Synced:
    waiting: list[str] = []
    synced = sync(source, pipeline, waiting.append, force=force)
    source.close()
    for _document in pipeline.process_all(waiting):
        pass
    return synced


def names(library: Any) -> set[str]:
    return {d.name.partition("/")[2].partition("/")[2] for d in library.list()}


def test_a_site_is_followed(site, pipeline, library, store):
    site.html("/leave", f"<title>L</title>{MENU}<main><p>Leave is 28 days.</p></main>", '"1"')
    site.html("/парковка", f"{MENU}<main><p>Парковка на уровне два.</p></main>", '"1"')
    site.pages["/rules.txt"] = Page(b"Badges are worn.\n", headers={"content-type": "text/plain"})
    site.sitemap("/leave", "/парковка", "/rules.txt", "/leave")
    first = follow(pipeline, source(site))
    assert (first.added, first.problems) == (3, ())
    assert names(library) == {"leave", "парковка", "rules.txt"}
    assert {d.state for d in library.list()} == {State.READY}
    texts = [c.text for d in library.list() for c in store.chunks(d.id)]
    assert not any("Menu" in text for text in texts)
    assert any("28 days" in text for text in texts)
    assert site.agents == {"Footnote/1.0"}

    site.asked.clear()
    again = follow(pipeline, source(site))
    assert (again.unchanged, again.added, again.changed) == (3, 0, 0)
    assert len(site.asked) == 5, "robots.txt, the sitemap, and each page once"

    site.html("/leave", f"{MENU}<main><p>Leave is 30 days.</p></main>", '"2"')
    site.sitemap("/leave", "/rules.txt")
    synced = follow(pipeline, source(site))
    assert (synced.changed, synced.unchanged, synced.removed) == (1, 1, 1)
    assert names(library) == {"leave", "rules.txt"}


def test_a_page_whose_menu_alone_changed_makes_no_new_version(site, pipeline):
    site.html("/a", "<nav>Monday</nav><main><p>Leave is 28 days.</p></main>")
    site.sitemap("/a")
    follow(pipeline, source(site))
    site.html("/a", "<nav>Tuesday</nav><main><p>Leave is 28 days.</p></main>")
    assert follow(pipeline, source(site)).unchanged == 1


def test_a_page_that_is_gone_is_removed(site, pipeline, library):
    site.html("/a", "<p>Leave is 28 days.</p>")
    site.html("/b", "<p>Parking is free.</p>")
    site.sitemap("/a", "/b")
    follow(pipeline, source(site))
    site.pages["/a"] = Page(status=410)
    synced = follow(pipeline, source(site))
    assert synced.removed == 1
    assert "/a: HTTP 410." in synced.problems[0]
    site.pages["/b"] = Page(status=503)
    broken = follow(pipeline, source(site), force=True)
    assert f"{site.url}/b: HTTP 503." in broken.problems
    assert names(library) == {"b"}


def test_robots_are_obeyed(site, pipeline, library):
    site.pages["/robots.txt"] = Page(
        b"User-agent: *\nDisallow: /\n\nUser-agent: footnote\nDisallow: /private\nAllow: /\n"
    )
    site.html("/open", "<p>Everyone reads this.</p>")
    site.html("/private/a", "<p>Robots do not.</p>")
    site.pages["/moved"] = Page(status=302, headers={"location": "/private/a"})
    site.sitemap("/open", "/private/a", "/moved")
    synced = follow(pipeline, source(site))
    assert names(library) == {"open"}
    assert "/private/a" not in site.asked
    assert len(synced.problems) == 2
    assert any("robots.txt forbids 1 of the pages" in line for line in synced.problems)


def test_without_an_answer_about_robots_the_site_is_left_alone(site, pipeline, library):
    site.html("/a", "<p>Leave is 28 days.</p>")
    site.sitemap("/a")
    follow(pipeline, source(site))
    site.pages["/robots.txt"] = Page(status=500)
    site.asked.clear()
    synced = follow(pipeline, source(site), force=True)
    assert "robots.txt: HTTP 500" in synced.problems[0]
    assert "/a" not in site.asked
    assert names(library) == {"a"}


def test_only_named_hosts_are_asked(site, pipeline, library):
    with WebSite() as other:
        other.html("/page", "<p>Not ours.</p>")
        site.html("/good", "<p>Ours.</p>")
        site.pages["/away"] = Page(status=301, headers={"location": f"{other.url}/page"})
        site.pages["/file"] = Page(status=301, headers={"location": "file:///etc/passwd"})
        site.pages["/round"] = Page(status=302, headers={"location": "/round"})
        site.pages["/good2"] = Page(status=302, headers={"location": "/good"})
        site.sitemap("/away", "/file", "/round", "/good2", f"{other.url}/page")
        synced = follow(pipeline, source(site))
        assert other.asked == []
        assert names(library) == {"good2"}
        problems = "\n".join(synced.problems)
        assert problems.count("not among its hosts") == 2
        assert "more than 5 redirects" in problems
        assert f"{other.url}/page is not on one of its hosts" in problems
        allowed = source(site, hosts=(other.url.removeprefix("http://"),))
        follow(pipeline, allowed)
        assert len(names(library)) == 3


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("https://Example.org/a", ("example.org", 443)),
        ("http://example.org:8080", ("example.org", 8080)),
        ("http://user@example.org/", None),
        ("ftp://example.org/", None),
        ("//example.org/", None),
        ("http://example.org:99999/", None),
        ("http:///path", None),
    ],
)
def test_hosts(address, host):
    assert host_of(address) == host


def drip(site: WebSite) -> Iterator[bytes]:
    while not site.stopping.wait(0.05):
        yield b"drop "


def flood(_site: WebSite) -> Iterator[bytes]:
    while True:
        yield b"flood " * 10_000


def test_slow_and_endless_pages_are_given_up(site, tmp_path):
    site.pages["/slow"] = Page(stream=drip)
    site.pages["/endless"] = Page(stream=flood)
    site.pages["/bomb"] = Page(
        gzip.compress(bytes(20 << 20)),
        headers={"content-encoding": "gzip", "content-type": "text/plain"},
    )
    site.sitemap("/slow", "/endless", "/bomb")
    web = source(site, max_bytes=100_000, seconds=1.0)
    slow, endless, bomb = web.items()
    with pytest.raises(SourceUnavailable, match="took more than 1 seconds"):
        web.fetch(slow, tmp_path / "a", "")
    for item in (endless, bomb):
        with pytest.raises(TooLarge):
            web.fetch(item, tmp_path / "a", "")
    assert (tmp_path / "a").stat().st_size <= 100_000
    web.close()


def test_a_page_that_is_too_large_is_rejected_by_its_name(site, pipeline, library):
    site.pages["/big"] = Page(stream=flood)
    site.sitemap("/big")
    synced = follow(pipeline, source(site))
    assert synced.rejected == 1
    (document,) = library.list()
    assert document.state is State.REJECTED
    assert "more than the limit" in document.reason


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (b"<html><body>Please sign in</body></html>", "is not a sitemap"),
        (b"no xml", "is not XML"),
        (b'<!DOCTYPE x [<!ENTITY a "' + b"b" * 99 + b'">]><urlset>&a;</urlset', "is not XML"),
        (gzip.compress(b"<urlset/>")[:-4], "is cut off"),
    ],
    ids=["page", "text", "entity", "cut"],
)
def test_a_bad_sitemap_removes_nothing(site, pipeline, library, body, what):
    site.html("/a", "<p>Leave is 28 days.</p>")
    site.sitemap("/a")
    follow(pipeline, source(site))
    site.pages["/sitemap.xml"] = Page(body)
    synced = follow(pipeline, source(site), force=True)
    assert what in synced.problems[0]
    assert names(library) == {"a"}


def test_sitemaps_of_sitemaps(site, pipeline, library):
    site.html("/a", "<p>Leave is 28 days.</p>")
    site.html("/b", "<p>Parking is free.</p>")
    site.sitemap("/one.xml", "/two.xml.gz", "/sitemap.xml", kind="sitemapindex")
    site.sitemap("/a", at="/one.xml")
    site.sitemap("/b", at="/two.xml.gz")
    site.pages["/two.xml.gz"].body = gzip.compress(site.pages["/two.xml.gz"].body)
    assert follow(pipeline, source(site)).added == 2
    del site.pages["/two.xml.gz"]
    assert follow(pipeline, source(site), force=True).removed == 0
    assert names(library) == {"a", "b"}


def test_more_pages_than_allowed_are_said_and_nothing_is_removed(site, pipeline, library):
    for number in range(4):
        site.html(f"/{number}", f"<p>Rule {number} is in force.</p>")
    site.sitemap(*(f"/{number}" for number in range(4)))
    follow(pipeline, source(site))
    synced = follow(pipeline, source(site, max_pages=2), force=True)
    assert "max_pages = 2" in synced.problems[0]
    assert len(library.list()) == 4


def test_a_list_of_addresses(site, pipeline, library, tmp_path):
    site.html("/a?id=1", "<p>Leave is 28 days.</p>")
    site.html("/a?id=2", "<p>Parking is free.</p>")
    addresses = tmp_path / "pages.txt"
    addresses.write_text(f"# ours\n{site.url}/a?id=1\n\n{site.url}/a?id=2#part\n")
    assert follow(pipeline, source(site, urls=addresses)).added == 2
    assert names(library) == {"a?id=1", "a?id=2"}
    addresses.unlink()
    assert "cannot be read" in follow(pipeline, source(site, urls=addresses)).problems[0]
    assert len(library.list()) == 2


def test_keys():
    assert key_of("https://Wiki.Example.org/HR/%D0%BE%D0%B1%D0%B5%D0%B4/") == (
        "wiki.example.org/HR/обед"
    )
    long = [key_of(f"https://example.org/{'a' * 300}{end}") for end in "xy"]
    assert long[0] != long[1]
    assert max(len(key.encode()) for key in long) <= 180


def test_pages_of_one_name_are_said(site, pipeline):
    site.html("/a", "<p>Leave is 28 days.</p>")
    site.html("/a/", "<p>Parking is free.</p>")
    site.sitemap("/a", "/a/")
    synced = follow(pipeline, source(site))
    assert synced.added == 1
    assert "has the name of" in synced.problems[0]


def test_what_a_page_is_kept_as_decides_whether_its_validators_count(site, tmp_path):
    site.html("/a", f"{MENU}<main><p>Leave.</p></main>", '"1"')
    site.sitemap("/a")
    web = source(site)
    item: Item = next(web.items())
    known = web.fetch(item, tmp_path / "a", "")
    assert known
    assert web.fetch(item, tmp_path / "a", known) is None
    whole = source(site, whole_page=True)
    assert list(whole.items()) == [item]
    assert whole.fetch(item, tmp_path / "a", known)
    assert b"Menu entry" in (tmp_path / "a").read_bytes()
    web.close()
    whole.close()


def test_a_sitemap_reads_no_external_entity(tmp_path):
    (tmp_path / "secret").write_text("http://secret.example/")
    data = (
        f'<!DOCTYPE u [<!ENTITY e SYSTEM "file://{tmp_path}/secret">]>'
        "<urlset><url><loc>&e;</loc></url><url><loc>http://a/</loc></url></urlset>"
    )
    assert read_sitemap(data.encode()).addresses == ("http://a/",)


def test_a_large_sitemap_is_cut_off_while_it_is_unpacked():
    with pytest.raises(ValueError, match="larger than 50 MiB"):
        read_sitemap(gzip.compress(bytes(60 << 20)))

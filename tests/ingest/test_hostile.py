"""Files made to do harm: each is read or rejected with one line, and harms nobody.

Under limits tighter than the product's, so that the tests are quick; what happens at a limit does
not depend on where it lies.
"""

import socket
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from ingest.guard.parser import Parser
from ingest.limits import Limits
from ingest.parse import Parsed, parse
from serving.errors import RejectedFile
from tests import hostile, hostile_pages

LIMITS = Limits(seconds=20, memory_mb=512, pages=500, expanded_mb=32, members=100)
OFFICE = (".docx", ".xlsx", ".pptx", ".odt", ".epub", ".html", ".svg")
Read = Callable[[str, bytes], Parsed]


@pytest.fixture(scope="module")
def parser() -> Iterator[Parser]:
    parser = Parser(LIMITS)
    yield parser
    parser.close()


@pytest.fixture
def read(parser: Parser, tmp_path: Path) -> Read:
    def run(name: str, data: bytes) -> Parsed:
        path, folder = tmp_path / "stored", tmp_path / "members"
        path.write_bytes(data)
        folder.mkdir(exist_ok=True)
        return parser.parse(path, name, folder)

    return run


@pytest.fixture
def rejected(read: Read) -> Callable[[str, bytes], str]:
    """The reason; it must be one line of the file's name, what happened and what to do."""

    def run(name: str, data: bytes) -> str:
        with pytest.raises(RejectedFile) as error:
            read(name, data)
        message = str(error.value)
        assert message.startswith(f"{name}: ")
        assert message.endswith(".")
        assert "\n" not in message
        return message

    return run


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A server on this machine to which no file may lead anybody."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        yield listening


def address(listener: socket.socket) -> str:
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


def nobody_called(listener: socket.socket) -> bool:
    try:
        listener.accept()
    except BlockingIOError:
        return True
    return False


def text(parsed: Parsed) -> str:
    return " ".join(e.text for e in parsed.elements)


def outcome(run: Callable[[], Parsed]) -> str:
    """The text that was read, or the reason why not."""
    try:
        return text(run())
    except RejectedFile as error:
        return str(error)


Rejected = Callable[[str, bytes], str]


@pytest.mark.parametrize(
    ("name", "make", "why"),
    [
        ("many.zip", lambda: hostile.bomb(8, 10), "MAX_EXPANDED_MB"),
        ("one.zip", lambda: hostile.bomb(64), "MAX_EXPANDED_MB"),
        ("liar.zip", lambda: hostile.lying_bomb(0x7FFFFFFF), "MAX_EXPANDED_MB"),
        ("small.zip", lambda: hostile.lying_bomb(10), "damaged"),
        ("overlap.zip", lambda: hostile.overlapping_bomb(90), "MAX_EXPANDED_MB"),
        ("overlaps.zip", lambda: hostile.overlapping_bomb(20_000), "MAX_MEMBERS"),
        ("bomb.docx", lambda: padded(".docx", "word/document.xml"), "MAX_EXPANDED_MB"),
        ("bomb.xlsx", lambda: padded(".xlsx", "xl/sharedStrings.xml"), "MAX_EXPANDED_MB"),
        ("bomb.pptx", lambda: padded(".pptx", "ppt/presentation.xml"), "MAX_EXPANDED_MB"),
        ("bomb.odt", lambda: padded(".odt", "content.xml"), "MAX_EXPANDED_MB"),
        ("bomb.epub", lambda: padded(".epub", "c.xhtml"), "MAX_EXPANDED_MB"),
        ("stream.pdf", lambda: hostile_pages.stream_bomb(1024), "MAX_PARSE_MEMORY_MB"),
        ("bomb.png", lambda: hostile_pages.png(50_000, 50_000), "MAX_PARSE_MEMORY_MB"),
        ("huge.png", lambda: hostile_pages.png(100_000, 100_000), "MAX_PARSE_MEMORY_MB"),
        ("bomb.tiff", lambda: hostile_pages.tiff(60_000, 60_000), "MAX_PARSE_MEMORY_MB"),
        ("line.csv", lambda: b"a,b\n" + b"x" * (50 << 20) + b",2\n", "MAX_PARSE_MEMORY_MB"),
        ("columns.csv", lambda: b"a," * (25 << 20) + b"\n", "MAX_PARSE_MEMORY_MB"),
        ("many.pdf", lambda: hostile_pages.many_pages(5000), "MAX_PAGES"),
        ("endless.pdf", hostile_pages.endless_pages, "MAX_PAGES"),
        ("deep.html", lambda: b"<html><body>" + b"<div>" * 100_000 + b"deep", "too deep"),
        ("deep.eml", lambda: hostile.letters_within_letters(1000), "too deep"),
        ("parts.eml", lambda: hostile.parts_within_parts(1000), "too deep"),
    ],
    ids=lambda value: value if isinstance(value, str) and "." in value else "",
)
def test_too_much(name: str, make: Callable[[], bytes], why: str, rejected: Rejected) -> None:
    assert why in rejected(name, make())


def padded(suffix: str, part: str) -> bytes:
    """A whole file of which one part unpacks to 64 MiB."""
    return hostile.changed(hostile.WHOLE[suffix], part, lambda content: content + " " * (64 << 20))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("parts.eml", lambda: hostile.many_parts(1_000_000)),
        ("long.docx", lambda: hostile.long_docx(300_000)),
    ],
    ids=["parts", "paragraphs"],
)
def test_too_long(name: str, make: Callable[[], bytes], rejected: Rejected) -> None:
    """Not too large, only very much of it: read in the end, or stopped at a limit."""
    message = rejected(name, make())
    assert "FOOTNOTE_MAX_" in message


@pytest.mark.slow
def test_a_sheet_of_a_hundred_thousand_rows_is_read(read: Read) -> None:
    found = text(read("long.xlsx", hostile.long_xlsx(100_000)))
    assert "Row 1 " in found.replace("\n", " ")
    assert "Row 100000" in found


def test_a_sheet_with_a_cell_at_its_far_end_is_read(read: Read) -> None:
    found = text(read("far.xlsx", hostile.far_xlsx()))
    assert "The first cell" in found
    assert "The last cell" in found


@pytest.mark.parametrize("suffix", OFFICE)
@pytest.mark.parametrize(
    "entities", [hostile.BILLION_LAUGHS, hostile.QUADRATIC], ids=["deep", "wide"]
)
def test_entities_do_not_expand(suffix: str, entities: tuple[str, str], read: Read) -> None:
    found = outcome(lambda: read(f"laugh{suffix}", hostile.with_entities(suffix, entities)))
    # Entities as they stand in the file may be shown; expanded they are gigabytes.
    assert "ha" * 50_001 not in found
    assert len(found) < 400_000


@pytest.mark.parametrize("suffix", OFFICE)
@pytest.mark.parametrize("guarded", [True, False], ids=["guarded", "bare"])
def test_external_entities_are_never_read(
    suffix: str, guarded: bool, read: Read, tmp_path: Path, listener: socket.socket
) -> None:
    """Also where the reader runs without the process that would stop it."""
    secret = tmp_path / "secret.txt"
    secret.write_text("the words of another file")
    for target in (secret.as_uri(), address(listener)):
        path = tmp_path / "stored"
        path.write_bytes(hostile.with_entities(suffix, hostile.external(target)))
        name = f"external{suffix}"
        run = partial(read, name, path.read_bytes()) if guarded else partial(parse, path, name)
        assert "the words of another file" not in outcome(run)
    assert nobody_called(listener)


@pytest.mark.parametrize("guarded", [True, False], ids=["guarded", "bare"])
@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("remote.docx", hostile.remote_docx),
        ("remote.rtf", hostile.remote_rtf),
        ("remote.html", hostile.remote_html),
    ],
    ids=["docx", "rtf", "html"],
)
def test_what_lies_elsewhere_is_not_fetched(
    name: str,
    make: Callable[[str], bytes],
    guarded: bool,
    read: Read,
    tmp_path: Path,
    listener: socket.socket,
) -> None:
    path = tmp_path / "stored"
    path.write_bytes(make(address(listener)))
    parsed = read(name, path.read_bytes()) if guarded else parse(path, name)
    assert "Accounts" in text(parsed)
    assert "AAAA" not in text(parsed)
    assert nobody_called(listener)


@pytest.mark.parametrize("kind", ["javascript", "launch", "file"])
def test_a_pdf_starts_nothing(kind: str, read: Read) -> None:
    parsed = read("active.pdf", hostile_pages.hostile_pdf(kind))
    assert text(parsed) == "Read me"
    assert all(member.path.is_file() for member in parsed.members)


def test_macros_are_left_alone_and_the_text_is_read(read: Read) -> None:
    found = text(read("macro.docm", hostile.with_macro()))
    assert "An account is locked" in found
    assert "AutoOpen" not in found


@pytest.mark.parametrize("box", [b"0 0 1e9 1e9", b"0 0 -1 0", b"0 0 0 0", b"0 0 1e38 1e38"])
def test_pages_of_an_impossible_size(box: bytes, read: Read) -> None:
    content = b"BT /F1 20 Tf 72 700 Td (Read me) Tj ET"
    parsed = read("box.pdf", hostile_pages.one_page(content, box=box))
    assert text(parsed) == "Read me"


@pytest.mark.parametrize(
    "data",
    [
        hostile_pages.picture_pdf(60_000, 60_000),
        hostile_pages.picture_pdf(1000, 1000).replace(b"0 0 595 842", b"0 0 99999999 99999999"),
    ],
    ids=["pixels", "page"],
)
def test_a_scan_of_impossible_size_is_rejected(data: bytes, rejected: Rejected) -> None:
    rejected("scan.pdf", data)


@pytest.mark.parametrize(
    ("name", "make", "good"),
    [
        ("wicked.zip", hostile.wicked_zip, ["First good text.", "Second good text."]),
        ("wicked.tar.gz", hostile.wicked_tar, ["Some good text.", "Some good text."]),
    ],
    ids=["zip", "tar"],
)
def test_archives_stay_in_their_folder(
    name: str, make: Callable[[], bytes], good: list[str], read: Read, tmp_path: Path
) -> None:
    parsed = read(name, make())
    assert [member.path.read_text() for member in parsed.members] == good
    assert len({member.name for member in parsed.members}) == len(good)
    for member in parsed.members:
        assert member.path.parent == tmp_path / "members"
        assert not member.path.is_symlink()
    written = {path.name for path in tmp_path.iterdir()}
    assert written == {"stored", "members"}
    assert not Path("/tmp/through.txt").exists()
    assert len(parsed.skipped) >= 5
    assert not any("\n" in skipped for skipped in parsed.skipped)


@pytest.mark.parametrize("suffix", [".docx", ".pptx", ".xlsx", ".odt", ".epub"])
def test_a_member_larger_than_its_file_is_damage(suffix: str, rejected: Rejected) -> None:
    data = bytearray(hostile.WHOLE[suffix])
    field = data.rfind(b"PK\x01\x02") + 20
    data[field : field + 4] = b"\xff\xff\xff\x7f"
    assert "damaged" in rejected(f"large{suffix}", bytes(data))


def test_bombs_within_archives_stay_packed(read: Read) -> None:
    parsed = read("nested.zip", hostile.nested_bomb(2))
    assert len(parsed.members) == 10
    assert sum(member.path.stat().st_size for member in parsed.members) < 1 << 20


@pytest.mark.parametrize("name", ["a\nb.txt", "tab\t.txt", "\u202etxt.exe.txt", "x" * 255 + ".txt"])
def test_names_do_not_matter_to_the_reader(name: str, read: Read) -> None:
    assert text(read(name, b"Hello there.")) == "Hello there."


def test_a_single_control_character_does_not_make_noise_of_a_text(read: Read) -> None:
    assert text(read("dos.txt", b"The end of a DOS file.\r\n\x1a")).startswith("The end of a DOS")


def test_a_reason_shows_no_content(rejected: Rejected) -> None:
    data = hostile.zipped([("mimetype", b"the words of the file"), ("a.exe", b"MZ")])
    assert "the words of the file" not in rejected("odd.odt", data)

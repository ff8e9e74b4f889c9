"""MSG: mails of Outlook, made by the writer in `ole.py`."""

from pathlib import Path

import pytest

from ingest.parse import Parsed, parse
from ingest.parse.compressed_rtf import unpack_rtf
from serving.errors import RejectedFile
from tests.parse import ole

SUBJECT, BODY, HTML, HEADERS, CLASS = 0x0037, 0x1000, 0x1013, 0x007D, 0x001A
FROM, ADDRESS, TO, DATA, NAME, CID = 0x0C1A, 0x5D01, 0x0E04, 0x3701, 0x3707, 0x3712


def read(path: Path, tree: dict, name: str = "mail.msg") -> Parsed:  # type: ignore[type-arg]
    path.mkdir()
    (path / "stored").write_bytes(ole.ole(tree))
    (path / "members").mkdir()
    return parse(path / "stored", name, path / "members")


def texts(parsed: Parsed) -> list[str]:
    return [element.text for element in parsed.elements]


def test_headers_body_and_attachments(tmp_path: Path) -> None:
    tree = ole.mail(
        {
            CLASS: "IPM.Note", SUBJECT: "Новый ноутбук", FROM: "Анна", ADDRESS: "anna@example.org",
            TO: "it@example.org", BODY: "Прошу выдать ноутбук.\r\n\r\nСпасибо.",
            HEADERS: "From: x\r\nDate: Mon, 2 Mar 2026 10:00:00 +0300\r\n",
        },
        [
            ole.mail({NAME: "заказ.csv", DATA: b"item,price\n"}, head=8),
            ole.mail({NAME: "C:\\docs\\big.bin", DATA: b"x" * 9000}, head=8),
        ],
    )  # fmt: skip
    parsed = read(tmp_path / "a", tree)
    assert parsed.media_type == "application/vnd.ms-outlook"
    assert texts(parsed) == [
        "Новый ноутбук",
        "From: Анна <anna@example.org>\nTo: it@example.org\n"
        "Date: Mon, 2 Mar 2026 10:00:00 +0300\nSubject: Новый ноутбук",
        "Прошу выдать ноутбук.",
        "Спасибо.",
        "Attachments: заказ.csv, big.bin",
    ]
    held = {member.name: member.path.read_bytes() for member in parsed.members}
    assert held == {"заказ.csv": b"item,price\n", "big.bin": b"x" * 9000}


def test_html_is_preferred_and_texts_are_decoded_by_their_code_page(tmp_path: Path) -> None:
    html = "<html><body><h1>Отпуск</h1><p>28 дней.</p></body></html>".encode("cp1251")
    tree = ole.mail(
        {SUBJECT: "Отпуск".encode("cp1251"), BODY: "28 дней.", HTML: html},
        integers={0x3FFD: 1251, 0x3FDE: 1251},
    )
    parsed = read(tmp_path / "a", tree)
    assert texts(parsed) == ["Отпуск", "Subject: Отпуск", "Отпуск", "28 дней."]


# The examples of [MS-OXRTFCP] 4.1 and 4.2: a run, and one that reaches into itself.
HELLO = bytes.fromhex(
    "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a80"
    "0fa0"
)
REPEATED = bytes.fromhex("1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0")


def test_text_that_only_compressed_rtf_holds(tmp_path: Path) -> None:
    assert unpack_rtf(HELLO, 999) == rb"{\rtf1\ansi\ansicpg1252\pard hello world}" + b"\r\n"
    assert unpack_rtf(REPEATED, 999) == rb"{\rtf1 WXYZWXYZWXYZWXYZWXYZ}"
    parsed = read(tmp_path / "a", ole.mail({SUBJECT: "Hi", 0x1009: HELLO}))
    assert texts(parsed) == ["Hi", "Subject: Hi", "hello world"]


def test_a_mail_in_a_mail_becomes_an_eml(tmp_path: Path) -> None:
    inner = ole.mail(
        {SUBJECT: "Old list", FROM: "Boris", BODY: "Prices of May."},
        [ole.mail({NAME: "may.csv", DATA: b"a,b\n1,2\n"}, head=8)],
        head=24,
    )
    holder = ole.mail({}, head=8) | {"__substg1.0_3701000D": inner}
    parsed = read(tmp_path / "a", ole.mail({SUBJECT: "Forwarded", BODY: "See below."}, [holder]))
    (member,) = parsed.members
    assert member.name == "Old list.eml"
    (tmp_path / "again").mkdir()
    again = parse(member.path, member.name, tmp_path / "again")
    assert "Prices of May." in texts(again)
    assert [m.path.read_bytes().strip() for m in again.members] == [b"a,b\n1,2"]


@pytest.mark.parametrize(
    ("tree", "why"),
    [
        (ole.mail({CLASS: "IPM.Note.SMIME", SUBJECT: "x", BODY: ""}), "the mail is encrypted"),
        ({"WordDocument": b"x"}, "old Office format"),
        ({"EncryptedPackage": b"x"}, "locked with a password"),
    ],
)
def test_other_containers_are_rejected(tmp_path: Path, tree: dict, why: str) -> None:  # type: ignore[type-arg]
    with pytest.raises(RejectedFile, match=why):
        read(tmp_path / "a", tree)


def test_a_cut_mail_is_rejected(tmp_path: Path) -> None:
    data = ole.ole(ole.mail({SUBJECT: "Long", BODY: "text " * 4000}))
    path = tmp_path / "cut.msg"
    for length in range(600, len(data), 1500):
        path.write_bytes(data[:length])
        with pytest.raises(RejectedFile):
            parse(path, "cut.msg")

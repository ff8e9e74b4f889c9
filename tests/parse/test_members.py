"""Files inside files: attachments of mails, files of archives."""

import bz2
import gzip
import io
import lzma
import stat
import tarfile
import zipfile
from email.message import EmailMessage
from pathlib import Path

import pytest
from PIL import Image

from ingest.limits import Limits
from ingest.parse import Parsed, parse
from serving.errors import RejectedFile


def read(path: Path, limits: Limits | None = None, name: str = "") -> Parsed:
    """Parsed, its members in a folder beside it."""
    folder = path.with_name(f"{path.name} members")
    folder.mkdir()
    return parse(path, name or path.name, folder, limits or Limits())


def held(parsed: Parsed) -> dict[str, bytes]:
    """The members' bytes by name."""
    return {member.name: member.path.read_bytes() for member in parsed.members}


def texts(parsed: Parsed) -> list[str]:
    return [element.text for element in parsed.elements]


def picture(width: int, height: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), "white").save(out, "PNG")
    return out.getvalue()


def letter(subject: str = "Новый ноутбук") -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"] = "Анна <anna@example.org>", "it@example.org"
    mail["Subject"], mail["Date"] = subject, "Mon, 02 Mar 2026 10:00:00 +0000"
    mail.set_content("Прошу выдать ноутбук.")
    return mail


def save(path: Path, mail: EmailMessage | bytes) -> Path:
    path.write_bytes(mail if isinstance(mail, bytes) else mail.as_bytes())
    return path


def test_attachments_are_members_and_named_in_the_text(tmp_path: Path) -> None:
    mail = letter()
    mail.add_attachment(b"item,price\n", "text", "csv", filename="заказ.csv")
    mail.add_attachment(b"item,cost\n", "text", "csv", filename="заказ.csv")
    mail.add_attachment(picture(9, 9), "image", "png", filename="photo.png")
    mail.add_attachment(b"%PDF-", "application", "pdf")
    parsed = read(save(tmp_path / "mail.eml", mail))
    assert held(parsed) == {
        "заказ.csv": b"item,price\n",
        "заказ (2).csv": b"item,cost\n",
        "photo.png": picture(9, 9),
        "attachment-4.pdf": b"%PDF-",
    }
    found = texts(parsed)
    assert found[0] == "Новый ноутбук"
    assert "From: Анна <anna@example.org>\nTo: it@example.org\nDate: Mon, 02 Mar 2026" in found[1]
    assert found[2:] == [
        "Прошу выдать ноутбук.",
        "Attachments: заказ.csv, заказ (2).csv, photo.png, attachment-4.pdf",
    ]
    assert all(member.path.parent.name == "mail.eml members" for member in parsed.members)


def test_without_a_folder_attachments_are_only_named(tmp_path: Path) -> None:
    mail = letter()
    mail.add_attachment(b"item,price\n", "text", "csv", filename="order.csv")
    parsed = parse(save(tmp_path / "mail.eml", mail), "mail.eml")
    assert parsed.members == ()
    assert parsed.skipped == {"order.csv": "not taken out"}
    assert "Attachments: order.csv" in texts(parsed)


def test_pictures_in_the_text_are_members_only_where_they_may_hold_text(tmp_path: Path) -> None:
    mail = letter()
    mail.add_alternative("<p>See <img src='cid:logo'> and <img src='cid:scan'></p>", subtype="html")
    html = mail.get_payload(1)
    assert isinstance(html, EmailMessage)
    html.add_related(picture(200, 60), "image", "png", cid="<logo>", filename="logo.png")
    html.add_related(picture(900, 700), "image", "png", cid="<scan>", filename="scan.png")
    parsed = read(save(tmp_path / "mail.eml", mail))
    assert list(held(parsed)) == ["scan.png"]
    assert [text for text in texts(parsed) if "ноутбук." in text] == []


def test_a_mail_in_a_mail_is_a_member_that_can_be_read(tmp_path: Path) -> None:
    inner = letter("Old: price/list")
    inner.add_attachment(b"a,b\n", "text", "csv", filename="deep.csv")
    outer = letter("Forwarded")
    outer.add_attachment(inner)
    parsed = read(save(tmp_path / "mail.eml", outer))
    assert list(held(parsed)) == ["Old pricelist.eml"]
    again = read(parsed.members[0].path, name="Old pricelist.eml")
    assert texts(again)[0] == "Old: price/list"
    assert held(again) == {"deep.csv": b"a,b\n"}


def test_a_signature_is_left_out_and_what_it_signs_is_read(tmp_path: Path) -> None:
    mixed = letter()
    mixed.add_attachment(b"a,b\n", "text", "csv", filename="order.csv")
    head = b'From: a@example.org\nSubject: Signed\nContent-Type: multipart/signed; boundary="B"\n\n'
    del mixed["From"], mixed["To"], mixed["Subject"], mixed["Date"]
    tail = (
        b'--B\nContent-Type: application/pkcs7-signature; name="smime.p7s"\n'
        b"Content-Transfer-Encoding: base64\n\nAAAA\n--B--\n"
    )
    data = head + b"--B\n" + mixed.as_bytes() + b"\n" + tail
    parsed = read(save(tmp_path / "mail.eml", data))
    assert list(held(parsed)) == ["order.csv"]
    assert "Прошу выдать ноутбук." in texts(parsed)


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ("application/pkcs7-mime; smime-type=enveloped-data", "the mail is encrypted"),
        ("application/pkcs7-mime; smime-type=signed-data", "wraps its text"),
        ('multipart/encrypted; protocol="application/pgp-encrypted"', "the mail is encrypted"),
    ],
)
def test_sealed_mails_are_rejected(tmp_path: Path, kind: str, why: str) -> None:
    data = f"From: a@example.org\nSubject: Secret\nContent-Type: {kind}\n\nAAAA\n".encode()
    with pytest.raises(RejectedFile, match=why):
        read(save(tmp_path / "mail.eml", data))


def test_headers_and_names_that_nobody_encoded(tmp_path: Path) -> None:
    data = (
        "From: anna@example.org\nSubject: Отчёт за июль и август\nMIME-Version: 1.0\n"
        'Content-Type: multipart/mixed; boundary="B"\n\n--B\nContent-Type: text/plain\n\n'
        "Текст письма, который написан по-русски и не назван.\n--B\n"
        'Content-Type: text/plain; name="отчёт.txt"\nContent-Disposition: attachment\n\nx\n--B--\n'
    ).encode("cp1251")
    parsed = read(save(tmp_path / "mail.eml", data))
    assert texts(parsed)[0] == "Отчёт за июль и август"
    assert "Текст письма, который написан по-русски и не назван." in texts(parsed)
    assert list(held(parsed)) == ["отчёт.txt"]


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def test_zip(tmp_path: Path) -> None:
    files = {
        "a.txt": b"one",
        "отдел/план.txt": "два".encode(),
        "__MACOSX/._a.txt": b"x",
        ".DS_Store": b"x",
        "docs/.git/config": b"x",
        "docs/Thumbs.db": b"x",
        "docs/~$plan.docx": b"x",
        "../evil.txt": b"x",
        "/etc/passwd": b"x",
        "empty/": b"",
    }
    parsed = read(zipped(tmp_path / "all.zip", files))
    assert held(parsed) == {"a.txt": b"one", "отдел/план.txt": "два".encode()}
    assert set(parsed.skipped) == {"../evil.txt", "/etc/passwd"}
    assert (parsed.elements, parsed.pages, parsed.media_type) == ([], 0, "application/zip")
    inside = sorted(path.name for path in (tmp_path / "all.zip members").iterdir())
    assert inside == ["00000", "00001"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["all.zip", "all.zip members"]


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("cp866", "Приказы/Отпуск и больничный.txt"),
        ("cp1251", "Приказы/Отпуск и больничный.txt"),
        ("utf-8", "Приказы/Отпуск и больничный.txt"),
        ("cp437", "Größe und Überschuß.txt"),
    ],
)
def test_zip_names_without_the_mark_for_utf_8(tmp_path: Path, encoding: str, name: str) -> None:
    placeholder = "x" * len(name.encode(encoding))
    path = zipped(tmp_path / "old.zip", {placeholder: b"text"})
    path.write_bytes(path.read_bytes().replace(placeholder.encode(), name.encode(encoding)))
    assert list(held(read(path))) == [name]


def test_links_and_locked_files_of_a_zip_are_skipped_with_a_reason(tmp_path: Path) -> None:
    path = tmp_path / "odd.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("plain.txt", b"text")
        link = zipfile.ZipInfo("link.txt")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, b"/etc/passwd")
        archive.writestr("locked.txt", b"secret")
    data = bytearray(path.read_bytes())
    # The flag of encryption in the local head and in the table of contents.
    data[data.index(b"locked.txt") - 24] |= 1
    data[data.rindex(b"locked.txt") - 38] |= 1
    path.write_bytes(bytes(data))
    parsed = read(path)
    assert list(held(parsed)) == ["plain.txt"]
    assert parsed.skipped == {
        "link.txt": "a link or a device, not a file",
        "locked.txt": "locked with a password",
    }


@pytest.mark.parametrize(
    ("files", "limits", "why"),
    [
        ({}, Limits(), "holds no files"),
        ({".hidden": b"x", "__MACOSX/a": b"x"}, Limits(), "holds no files"),
        ({"../a": b"x"}, Limits(), r"none of its 1 files was taken out: the name leaves"),
        ({"a": b"0" * 3_000_000}, Limits(expanded_mb=2), "unpacks to more than 2 MiB"),
        ({str(n): b"x" for n in range(9)}, Limits(members=8), "more than 8 files"),
    ],
)
def test_zips_that_are_rejected(
    tmp_path: Path, files: dict[str, bytes], limits: Limits, why: str
) -> None:
    with pytest.raises(RejectedFile, match=why):
        read(zipped(tmp_path / "bad.zip", files), limits)
    assert list((tmp_path / "bad.zip members").iterdir()) == []


def test_cut_zip(tmp_path: Path) -> None:
    path = zipped(tmp_path / "cut.zip", {"a.txt": bytes(range(256)) * 50})
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(RejectedFile, match="damaged or cut short"):
        read(path)


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_tar(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "backup"
    with tarfile.open(path, mode) as archive:
        for name, data in {"./отдел/a.txt": b"one", "../b.txt": b"x", "/c.txt": b"x"}.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    parsed = read(path, name="backup.tar")
    assert held(parsed) == {"отдел/a.txt": b"one"}
    assert set(parsed.skipped) == {"../b.txt", "/c.txt", "link"}


@pytest.mark.parametrize(
    ("suffix", "pack"), [("gz", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress)]
)
def test_one_compressed_file(tmp_path: Path, suffix: str, pack) -> None:  # type: ignore[no-untyped-def]
    path = save(tmp_path / f"notes.txt.{suffix}", pack(b"Some notes. " * 500))
    assert held(read(path)) == {"notes.txt": b"Some notes. " * 500}
    path.write_bytes(pack(b"Some notes. " * 500)[:-30])
    with pytest.raises(RejectedFile, match="damaged or cut short"):
        parse(path, path.name, tmp_path)


def test_a_compressed_bomb_is_stopped_while_it_unpacks(tmp_path: Path) -> None:
    path = save(tmp_path / "zeros.gz", gzip.compress(bytes(5_000_000)))
    with pytest.raises(RejectedFile, match="unpacks to more than 2 MiB"):
        read(path, Limits(expanded_mb=2))

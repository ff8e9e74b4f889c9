"""ZIP, TAR and single compressed files: their files as members, nothing read here.

Links, devices and locked files are left out with a reason; how much comes out is counted while it
is unpacked, whatever the archive says of itself. Archives within archives are members like
others: how deep that may go is for the caller to say.
"""

import bz2
import errno
import gzip
import lzma
import re
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

from ingest.parse.decode import decode_bytes, russian_encoding
from ingest.parse.unpack import Unpacker, is_clutter
from serving.errors import RejectedFile

_BROKEN = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, tarfile.TarError, EOFError)
_OPEN: dict[str, Callable[[Path], object]] = {
    "application/gzip": gzip.open,
    "application/x-bzip2": bz2.open,
    "application/x-xz": lzma.open,
}
_UTF8_NAME = 0x800
_LOCKED = 0x1


def unpack_zip(path: Path, name: str, unpacker: Unpacker) -> None:
    """Hand the files of a ZIP to `unpacker`.

    Raises:
        RejectedFile: damaged, too large, or with nothing to take out.
    """
    with _whole(name), zipfile.ZipFile(path) as archive:
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        names = _zip_names(entries)
        wanted = [e for e in entries if not is_clutter(names[id(e)])]
        # Before anything is written: a ZIP never yields more than its table says.
        unpacker.check(len(wanted), sum(entry.file_size for entry in wanted))
        for entry in wanted:
            _take_entry(archive, entry, names[id(entry)], unpacker)
    _require_members(name, unpacker)


def _take_entry(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str, unpacker: Unpacker
) -> None:
    mode = entry.external_attr >> 16
    if mode and not stat.S_ISREG(mode) and stat.S_IFMT(mode):
        unpacker.skip(name, "a link or a device, not a file")
    elif entry.flag_bits & _LOCKED:
        unpacker.skip(name, "locked with a password")
    else:
        try:
            with archive.open(entry) as content:
                unpacker.take(name, cast(BinaryIO, content))
        except NotImplementedError:
            unpacker.skip(name, "compressed in a way that is not read")


def _zip_names(entries: list[zipfile.ZipInfo]) -> dict[int, str]:
    """Each entry's name. Without the mark for UTF-8 the bytes may be in any encoding: Windows
    and Russian programs write cp866, some UTF-8; all such names together say which."""
    unmarked = [entry for entry in entries if not entry.flag_bits & _UTF8_NAME]
    raw = {id(entry): entry.orig_filename.encode("cp437", "replace") for entry in unmarked}
    encoding = _encoding(b"\n".join(raw.values()))
    found = {id(entry): entry.filename for entry in entries}
    for entry in unmarked:
        found[id(entry)] = raw[id(entry)].decode(encoding, "replace").split("\x00")[0]
    return found


def _encoding(names: bytes) -> str:
    try:
        names.decode("utf-8")
    except UnicodeDecodeError:
        return (_runs(names) and russian_encoding(names, ("cp866", "cp1251"))) or "cp437"
    return "utf-8"


def _runs(names: bytes) -> bool:
    """Whether most bytes above ASCII stand in words of them; accents in Latin words do not."""
    runs = re.findall(rb"[\x80-\xff]+", names)
    return 2 * sum(len(run) for run in runs if len(run) > 2) > sum(map(len, runs))


def unpack_tar(path: Path, name: str, unpacker: Unpacker) -> None:
    """Hand the files of a TAR, compressed or not, to `unpacker`.

    Raises:
        RejectedFile: damaged, too large, or with nothing to take out.
    """
    with _whole(name), tarfile.open(path, "r:*", encoding="utf-8") as archive:
        for entry in archive:
            content = archive.extractfile(entry) if entry.isfile() else None
            shown = _tar_name(entry.name)
            if content is not None:
                with content:
                    unpacker.take(shown, cast(BinaryIO, content))
            elif not entry.isdir():
                unpacker.skip(shown, "a link or a device, not a file")
    _require_members(name, unpacker)


def _tar_name(name: str) -> str:
    name = name.removeprefix("./")
    data = name.encode("utf-8", "surrogateescape")
    return decode_bytes(data) or data.decode("utf-8", "replace")


def unpack_compressed(path: Path, name: str, media_type: str, unpacker: Unpacker) -> None:
    """Hand the one file in a GZIP, BZIP2 or XZ to `unpacker`, or those of the TAR in it.

    Raises:
        RejectedFile: damaged or too large.
    """
    if _is_tar(path):
        unpack_tar(path, name, unpacker)
        return
    inside = PurePosixPath(name).name
    suffix = PurePosixPath(inside).suffix
    shown = inside.removesuffix(suffix) if suffix in (".gz", ".bz2", ".xz") else f"{inside}.txt"
    with _whole(name), cast(BinaryIO, _OPEN[media_type](path)) as content:
        unpacker.take(shown, content)
    _require_members(name, unpacker)


def _is_tar(path: Path) -> bool:
    try:
        with tarfile.open(path, "r:*") as archive:
            # A run of zeros is a TAR too, of no files.
            return archive.next() is not None
    except (*_BROKEN, OSError):
        return False


@contextmanager
def _whole(name: str) -> Iterator[None]:
    """Turns what the decompressors raise into a rejection, a full disk not."""
    try:
        yield
    except (*_BROKEN, OSError) as error:
        # The machine's errors have a number, those of bz2 and gzip none; EINVAL is a place
        # before the beginning of the file.
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
            raise
        raise RejectedFile(
            f"{name}: the archive is damaged or cut short. Get a whole copy."
        ) from None


def _require_members(name: str, unpacker: Unpacker) -> None:
    if unpacker.members or (unpacker.dry and unpacker.skipped):
        return
    reasons = sorted(set(unpacker.skipped.values()))
    if not reasons:
        raise RejectedFile(f"{name}: the archive holds no files. Add one that does.")
    raise RejectedFile(
        f"{name}: none of its {len(unpacker.skipped)} files was taken out: {', '.join(reasons)}. "
        "Add the files themselves."
    )

"""What reading one file may take, and the one line that says which limit was met.

Time and memory are enforced from outside (`ingest/guard/parser.py`); pages, expansion and members
by the readers, through the helpers here, before the work is done. Every message names the setting
that raises the limit. This module does not know any format but the table of contents of a ZIP.
"""

import zipfile
from dataclasses import dataclass, field

from rag.settings import Settings
from serving.errors import RejectedFile


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that one file may take."""

    seconds: float = 120
    """Wall-clock time, and CPU time of each process."""
    memory_mb: int = 2048
    """Data of each process, in MiB, beyond what its libraries take."""
    pages: int = 5000
    """Pages, slides or sheets."""
    expanded_mb: int = 1024
    """All that is unpacked from it, in MiB."""
    members: int = 10_000
    """Files inside an archive, attachments of an e-mail, parts of an Office file."""
    page_seconds: float = 60
    """Wall-clock time that recognising the text of one page may take, beside `seconds`."""
    recognise: bool = True
    """Whether pages without a text layer are recognised now, or only named as unread."""


def limits_of(settings: Settings) -> Limits:
    """The limits that the operator chose."""
    return Limits(
        seconds=settings.max_parse_seconds,
        memory_mb=settings.max_parse_memory_mb,
        pages=settings.max_pages,
        expanded_mb=settings.max_expanded_mb,
        members=settings.max_members,
        page_seconds=settings.max_page_seconds,
    )


@dataclass(slots=True)
class Budget:
    """What is left of expansion and members while one file, with all inside it, is unpacked.

    One object for a file and its nested containers, so that nesting does not multiply it.
    """

    name: str
    """The file's, for messages."""
    limits: Limits
    spent_bytes: int = field(default=0, init=False)
    spent_members: int = field(default=0, init=False)

    def take(self, size: int, members: int = 0) -> None:
        """Count `size` bytes and `members` files that are about to be unpacked.

        Raises:
            RejectedFile: that is more than the limits allow.
        """
        self.spent_bytes += size
        self.spent_members += members
        if self.spent_members > self.limits.members:
            raise too_many_members(self.name, self.limits)
        if self.spent_bytes > self.limits.expanded_mb << 20:
            raise too_expanded(self.name, self.limits)

    def take_zip(self, archive: zipfile.ZipFile) -> None:
        """Count all of an open ZIP by its table of contents, at once.

        Python's `zipfile` never yields more of a member than the table says, so this bounds a
        bomb whose sizes lie, and one whose members share their bytes. RejectedFile: see `take`.
        """
        entries = archive.infolist()
        self.take(sum(entry.file_size for entry in entries), len(entries))


def check_pages(name: str, pages: int, limits: Limits) -> None:
    """RejectedFile: more pages, slides or sheets than the limits allow."""
    if pages > limits.pages:
        raise _beyond(
            name, f"{pages} pages are more than the limit of {limits.pages}", "FOOTNOTE_MAX_PAGES"
        )


def too_slow(name: str, limits: Limits) -> RejectedFile:
    """It did not finish in time."""
    return _beyond(
        name, f"reading it takes longer than {limits.seconds:g} s", "FOOTNOTE_MAX_PARSE_SECONDS"
    )


def too_large(name: str, limits: Limits) -> RejectedFile:
    """It wanted more memory than it may have."""
    what = f"reading it takes more memory than {limits.memory_mb} MiB"
    return _beyond(name, what, "FOOTNOTE_MAX_PARSE_MEMORY_MB")


def too_expanded(name: str, limits: Limits) -> RejectedFile:
    """It unpacks to more than the disk is given for."""
    what = f"it unpacks to more than {limits.expanded_mb} MiB"
    return _beyond(name, what, "FOOTNOTE_MAX_EXPANDED_MB", "Add its files one by one")


def too_many_members(name: str, limits: Limits) -> RejectedFile:
    """It holds more files than are taken out of one."""
    return _beyond(name, f"it holds more than {limits.members} files", "FOOTNOTE_MAX_MEMBERS")


def _beyond(name: str, what: str, setting: str, remedy: str = "Split it") -> RejectedFile:
    return RejectedFile(f"{name}: {what}. {remedy}, or raise {setting}.")

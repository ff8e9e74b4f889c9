"""Words of RTF and what they mean to its reader (`ingest/parse/rtf.py`), and its tables."""

import re
from dataclasses import dataclass, field

from ingest.parse.elements import padded

TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z'])|([{}])|"
    rb"([^\\{}\r\n]+)|[\r\n]+|\\"
)
CHARSETS = {
    0: "cp1252", 77: "mac_roman", 128: "cp932", 129: "cp949", 134: "gb2312", 136: "cp950",
    161: "cp1253", 162: "cp1254", 163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257",
    204: "cp1251", 222: "cp874", 238: "cp1250", 254: "cp437", 255: "cp437",
}  # fmt: skip
SKIPPED = frozenset(
    {"colortbl", "pict", "object", "objdata", "themedata", "colorschememapping", "datastore",
     "latentstyles", "listtable", "listoverridetable", "rsidtbl", "generator", "xmlnstbl",
     "filetbl", "revtbl", "fldinst", "datafield", "shpinst", "info", "fontemb",
     "wgrffmtfilter", "mmathPr", "pgptbl", "bkmkstart", "bkmkend", "atnid", "atnref",
     "annotation", "xe", "tc", "docvar", "panose", "falt", "background", "nonshppict",
     "private", "userprops"}
)  # fmt: skip
"""Destinations without text of the document."""
KEPT = frozenset(
    {"shptxt", "shp", "footnote", "fldrslt", "pntext", "listtext", "shprslt", "atnauthor"}
)
TARGETS = {
    "fonttbl": "fonts", "stylesheet": "styles", "footnote": "note", "header": "header",
    "headerl": "header", "headerr": "header", "headerf": "header", "footer": "footer",
    "footerl": "footer", "footerr": "footer", "footerf": "footer", "pntext": "item",
    "listtext": "item",
}  # fmt: skip
"""Destinations whose text is kept apart."""
CHARACTERS = {
    "emdash": "—", "endash": "–", "lquote": "‘", "rquote": "’", "ldblquote": "“", "rdblquote": "”",
    "bullet": "•", "tab": " ", "line": "\n", "emspace": " ", "enspace": " ", "softline": "\n",
}  # fmt: skip


@dataclass
class Rows:
    """The table that is being read: RTF has rows of cells, a table is a run of them."""

    cells: list[str] = field(default_factory=list)
    """Of the row so far."""
    _rows: list[list[str]] = field(default_factory=list)
    _merges: list[str] = field(default_factory=list)
    _merge: str = ""

    def define(self, word: str) -> None:
        """A word of a row's definition: which of its cells belong to those above."""
        if word == "trowd":
            self._merges, self._merge = [], ""
        elif word in ("clvmrg", "clmrg", "clvmgf", "clmgf"):
            self._merge = word
        elif word == "cellx":
            self._merges.append(self._merge)
            self._merge = ""

    def end_row(self) -> None:
        """The cells so far are a row; a cell that is merged with the one above repeats it."""
        above = self._rows[-1] if self._rows else []
        row = [
            above[at]
            if at < len(self._merges) and self._merges[at] == "clvmrg" and at < len(above)
            else " ".join(cell.split())
            for at, cell in enumerate(self.cells)
        ]
        self.cells = []
        if any(row):
            self._rows.append(row)

    def take(self) -> list[list[str]]:
        """The rows so far, all of the same length; the next one begins a table."""
        rows, self._rows = self._rows, []
        return padded(rows)

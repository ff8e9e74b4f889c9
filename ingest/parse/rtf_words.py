"""Words of RTF and what they mean to its reader (`ingest/parse/rtf.py`)."""

import re

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

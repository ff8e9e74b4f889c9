"""Office files with macros, templates and slide shows, as the plain kind that their readers take.

Only the declared type differs: the text is in the same parts. A part with macros is left out of
the copy, so nothing that could run is ever opened.
"""

import re
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_TYPES = "[Content_Types].xml"
_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
_SLIDES = "application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml"
_OTHER_WORD = re.compile(
    rb"application/vnd\.ms-word\.(?:document|template)\.macroEnabled(?:Template)?\.main\+xml|"
    rb"application/vnd\.openxmlformats-officedocument\.wordprocessingml\.template\.main\+xml",
    re.IGNORECASE,
)
_OTHER_SLIDES = re.compile(
    rb"application/vnd\.ms-powerpoint\.(?:presentation|slideshow|template)\.macroEnabled\.main\+xml|"
    rb"application/vnd\.openxmlformats-officedocument\.presentationml\.(?:slideshow|template)"
    rb"\.main\+xml",
    re.IGNORECASE,
)
_MACROS = re.compile(r"(?:.*/)?vba(?:Project|Data)[^/]*", re.IGNORECASE)


@contextmanager
def plain_package(path: Path) -> Iterator[Path]:
    """The file itself, or for as long as the context lasts a plain copy of it.

    Raises:
        zipfile.BadZipFile, KeyError: it is no Office file.
    """
    with zipfile.ZipFile(path) as source:
        types = source.read(_TYPES)
        plain = _OTHER_SLIDES.sub(_SLIDES.encode(), _OTHER_WORD.sub(_WORD.encode(), types))
        if plain == types:
            yield path
            return
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / "plain"
            with zipfile.ZipFile(copy, "w", zipfile.ZIP_DEFLATED) as target:
                for entry in source.infolist():
                    if not _MACROS.fullmatch(entry.filename):
                        data = plain if entry.filename == _TYPES else source.read(entry)
                        target.writestr(entry.filename, data)
            yield copy

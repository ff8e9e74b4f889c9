"""Text recognition of one picture, by Debian's tesseract as a process of its own.

Russian and English at once, one thread, 150 dots an inch (docs/decisions/0010): type too small for
that is looked at once more in a larger picture, and a page that reads badly is tried the way up
that tesseract's orientation data suggest. Coordinates are pixels of the picture given, y down.
Knows neither PDF nor elements; `ingest/parse/pdf_scan.py` and `image.py` do.
"""

import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import median
from xml.etree import ElementTree

from PIL import Image

DPI = 150
"""Dots an inch at which a page is looked at first."""
INSTALL = "apt-get install tesseract-ocr tesseract-ocr-rus"
LANGUAGES = ("rus", "eng")
_SMALL = 12.0
"""Usual height of words, in pixels, below which a page is looked at again, twice as large; 9-point
type has 13 at 150 dots an inch."""
_DOUBTFUL = 0.88
"""So is a page of less confidence: small type seldom shows by its measured size."""
_LARGEST = 40e6
"""Most pixels of a picture that tesseract is given."""
_UNSURE = 0.7
"""A mean confidence below this makes one look whether the page stands on its head."""
_NOISE = 0.4
"""A line of less confidence is taken for a picture, not for text."""

Draw = Callable[[float], Image.Image]
"""A picture of the page, in a scale where 1 is `DPI` for a PDF, a picture's own pixels else."""
Box = tuple[float, float, float, float]
"""Left, top, right, bottom, in pixels, y down."""


class Unreadable(Exception):
    """tesseract failed or took too long on one picture; the message says which."""


@dataclass(frozen=True, slots=True)
class Word:
    """One recognised word."""

    text: str
    box: Box
    confidence: float
    """0..1, tesseract's own."""


@dataclass(frozen=True, slots=True)
class TextLine:
    """Words of one line, as tesseract found it (never across columns)."""

    words: tuple[Word, ...]
    slope: float
    """Of the baseline, pixels down per pixel to the right."""
    base: float
    """Where the baseline meets x = 0, pixels from the top."""
    size: float
    """Height of the type with ascenders and descenders, pixels."""

    @property
    def upward(self) -> bool:
        """Whether it is higher than wide."""
        wide = max(w.box[2] for w in self.words) - min(w.box[0] for w in self.words)
        return max(w.box[3] for w in self.words) - min(w.box[1] for w in self.words) > wide

    @property
    def confidence(self) -> float:
        letters = sum(len(word.text) for word in self.words)
        return sum(len(word.text) * word.confidence for word in self.words) / letters


@dataclass(frozen=True, slots=True)
class Recognised:
    """What was found in one picture, in tesseract's reading order."""

    lines: tuple[TextLine, ...]
    scale: float
    """Of the picture in which coordinates are given."""
    turned: int = 0
    """Degrees clockwise by which the picture had to be turned; coordinates are of the turned."""
    size: tuple[int, int] = (0, 0)
    """Of the picture as it was read, pixels."""

    @property
    def confidence(self) -> float:
        """Mean over the letters, 0..1; 0 without any."""
        letters = sum(len(word.text) for line in self.lines for word in line.words)
        total = sum(len(w.text) * w.confidence for line in self.lines for w in line.words)
        return total / letters if letters else 0.0

    @property
    def certain_letters(self) -> float:
        """Letters, each counted by its confidence."""
        return self.confidence * self.letters

    @property
    def sideways(self) -> bool:
        """Whether most lines run up or down: tesseract reads those too."""
        lines = [line for line in self.lines if len(line.words) > 1]
        return sum(line.upward for line in lines) * 2 > len(lines)

    @property
    def letters(self) -> int:
        """Letters and digits."""
        return sum(c.isalnum() for line in self.lines for word in line.words for c in word.text)


def available() -> bool:
    """Whether tesseract and both languages are installed."""
    program = shutil.which("tesseract")
    if program is None:
        return False
    listed = subprocess.run(  # noqa: S603 - found on PATH, fixed arguments
        [program, "--list-langs"], capture_output=True, text=True, check=False, env=_environment()
    )
    return set(LANGUAGES) <= set((listed.stdout + listed.stderr).split())


def recognise(draw: Draw, seconds: float, dpi: float = DPI) -> Recognised:
    """Read a page. `draw(scale)` gives its picture, `scale` 1 being `dpi` dots an inch.

    Raises:
        Unreadable: tesseract fails, or one look takes longer than `seconds`.
    """
    found = _look(draw, 1.0, 0, seconds, dpi)
    if found is None:
        return Recognised((), 1.0)
    if found.confidence < _UNSURE or found.sideways:
        found = _upright(draw, found, seconds, dpi)
    if found.lines and (found.confidence < _DOUBTFUL or _usual_height(found.lines) < _SMALL):
        again = _look(draw, 2.0, found.turned, seconds, dpi)
        if again is not None and again.certain_letters > found.certain_letters:
            found = again
    return replace(found, lines=tuple(line for line in found.lines if _is_text(line)))


def look(draw: Draw, seconds: float, dpi: float) -> Recognised:
    """One run at one resolution, nothing tried again (for measuring)."""
    return _look(draw, 1.0, 0, seconds, dpi) or Recognised((), 1.0)


def _usual_height(lines: Sequence[TextLine]) -> float:
    heights = [w.box[3] - w.box[1] for line in lines for w in line.words if len(w.text) > 2]
    return median(heights) if heights else 0.0


def usual_size(lines: Sequence[TextLine]) -> float:
    """The size of the line in which the middle letter stands; 0 without lines."""
    sized = sorted((line.size, sum(len(w.text) for w in line.words)) for line in lines)
    half = sum(letters for _, letters in sized) / 2
    for size, letters in sized:
        half -= letters
        if half <= 0:
            return size
    return 0.0


def _is_text(line: TextLine) -> bool:
    return line.confidence >= _NOISE and any(c.isalnum() for word in line.words for c in word.text)


def _look(draw: Draw, scale: float, turned: int, seconds: float, dpi: float) -> Recognised | None:
    """One run; None where the picture is of one colour."""
    picture = _turn(draw(scale).convert("L"), turned)
    if picture.width * picture.height > _LARGEST:
        shrink = (_LARGEST / (picture.width * picture.height)) ** 0.5
        scale *= shrink
        picture = picture.resize((int(picture.width * shrink), int(picture.height * shrink)))
    darkest, lightest = picture.getextrema()
    if darkest == lightest:
        return None
    text = _tesseract(picture, dpi * scale, ("hocr",), seconds)
    return Recognised(tuple(_lines(text)), scale, turned, picture.size)


def _turn(picture: Image.Image, degrees: int) -> Image.Image:
    ways = {
        90: Image.Transpose.ROTATE_270,
        180: Image.Transpose.ROTATE_180,
        270: Image.Transpose.ROTATE_90,
    }
    return picture.transpose(ways[degrees]) if degrees else picture


def _upright(draw: Draw, found: Recognised, seconds: float, dpi: float) -> Recognised:
    """The page read the way up that it seems to stand, if it reads better so."""
    try:
        told = _tesseract(draw(1.0).convert("L"), dpi, ("--psm", "0"), seconds)
    except Unreadable:  # no orientation data, or too few letters to tell
        return found
    turn = next((line.split()[1] for line in told.split("\n") if line.startswith("Rotate:")), "0")
    if turn not in ("90", "180", "270"):
        return found
    other = _look(draw, 1.0, int(turn), seconds, dpi)
    if other is None or other.sideways or other.confidence < min(found.confidence, _UNSURE):
        return found
    return other


def _tesseract(picture: Image.Image, dpi: float, arguments: Sequence[str], seconds: float) -> str:
    languages = "osd" if "--psm" in arguments else "+".join(LANGUAGES)
    command = ["tesseract", "stdin", "stdout", "-l", languages, "--dpi", str(round(dpi))]
    data = b"P5\n%d %d\n255\n" % picture.size + picture.tobytes()
    try:
        done = subprocess.run(  # noqa: S603 - fixed program and arguments, the picture on stdin
            [*command, *arguments],
            input=data,
            capture_output=True,
            timeout=seconds,
            check=False,
            env=_environment(),
        )
    except subprocess.TimeoutExpired:
        raise Unreadable(f"longer than {seconds:g} s") from None
    if done.returncode != 0:
        raise Unreadable(f"tesseract ended with {done.returncode}")
    return done.stdout.decode("utf-8", "replace")


def _environment() -> dict[str, str]:
    passed = {key: os.environ[key] for key in ("PATH", "TESSDATA_PREFIX") if key in os.environ}
    return {**passed, "OMP_THREAD_LIMIT": "1", "LC_ALL": "C.UTF-8"}


def _lines(hocr: str) -> list[TextLine]:
    found = []
    for item in ElementTree.fromstring(hocr).iter():  # noqa: S314 - written by tesseract
        title = _title(item.get("title", ""))
        if "x_size" not in title:
            continue
        words = tuple(word for child in item for word in _word(child))
        if not words:
            continue
        left, _, _, bottom = title["bbox"]
        slope, offset = title.get("baseline", (0.0, 0.0))
        base = bottom + offset - slope * left
        found.append(TextLine(words, slope, base, title["x_size"][0]))
    return found


def _word(item: ElementTree.Element) -> list[Word]:
    title = _title(item.get("title", ""))
    text = "".join(item.itertext()).strip()
    if "x_wconf" not in title or not text:
        return []
    left, top, right, bottom = title["bbox"]
    return [Word(text, (left, top, right, bottom), title["x_wconf"][0] / 100)]


def _title(text: str) -> dict[str, tuple[float, ...]]:
    """`bbox 1 2 3 4; x_size 20` as names and numbers; what is not numbers is left out."""
    values = {}
    for part in text.split(";"):
        name, *numbers = part.split() or [""]
        try:
            values[name] = tuple(float(number) for number in numbers)
        except ValueError:  # the name of the picture, for example
            continue
    return values

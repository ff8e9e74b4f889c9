"""pdfium's functions that are called once for every character or line, at the least cost.

pypdfium2 declares argument types, and ctypes converts every argument by them, which takes longer
than most of these functions do. Knows nothing of text or layout.
"""

import ctypes
from collections.abc import Callable
from typing import Any

import pypdfium2.raw as raw


class Handle(ctypes.c_void_p):
    """A pointer of pdfium's; as a subclass it is not turned into an int, which would be cut."""


def quick(function: Any, result: Any = ctypes.c_int) -> Callable[..., Any]:
    """`function` of `pypdfium2.raw` without its argument types; `result` is its ctypes result type.

    Nothing is checked: pass pointers as ctypes pointers or `byref`, and integers that fit a C int.
    The interpreter's lock is kept during a call, because letting it go costs as much as the call.
    """
    address = ctypes.cast(function, ctypes.c_void_p).value
    return ctypes.PYFUNCTYPE(result)(address or 0)


_unicode = quick(raw.FPDFText_GetUnicode, ctypes.c_uint)


def page_text(textpage: Any) -> str:
    """One character (or half of a surrogate pair) for each that pdfium counts on the page.

    pdfium hands out the whole text in one call, but there it leaves out characters without a
    Unicode value and calls hyphens at the ends of lines U+FFFE, not U+0002. Where the lengths
    differ, each character is asked for.
    """
    count = max(raw.FPDFText_CountChars(textpage), 0)
    units = (ctypes.c_ushort * (count + 1))()
    if raw.FPDFText_GetText(textpage, 0, count, units) == count + 1:
        text = bytes(units)[:-2].decode("utf-16-le", "surrogatepass")
        if len(text) == count:  # else pairs were put together
            return text.replace("\ufffe", "\x02")
    return "".join([chr(_unicode(textpage, index)) for index in range(count)])

"""Sitemaps (sitemaps.org 0.9) as lists of addresses. Reads bytes; fetches nothing."""

import zlib
from dataclasses import dataclass

from lxml import etree

MAX_BYTES = 50 << 20
"""Of one sitemap, unpacked, as the protocol has it."""


@dataclass(frozen=True, slots=True)
class Sitemap:
    """The addresses that a sitemap lists: of pages, or of further sitemaps."""

    addresses: tuple[str, ...]
    is_index: bool


def read_sitemap(data: bytes) -> Sitemap:
    """Parse a sitemap, gzipped or not.

    Raises:
        ValueError: it is none, is damaged, or is too large unpacked.
    """
    if data.startswith(b"\x1f\x8b"):
        data = _unzip(data)
    # Entities and external files stay unread: a sitemap needs none.
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise ValueError("is not XML") from error
    kind = etree.QName(root).localname
    if kind not in ("urlset", "sitemapindex"):
        raise ValueError("is not a sitemap")
    found = root.xpath("/*/*/*[local-name()='loc']/text()")
    addresses = tuple(dict.fromkeys(text.strip() for text in found if text.strip()))
    return Sitemap(addresses, kind == "sitemapindex")


def _unzip(data: bytes) -> bytes:
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        text = unpacker.decompress(data, MAX_BYTES)
    except zlib.error as error:
        raise ValueError("is damaged") from error
    if unpacker.unconsumed_tail:
        raise ValueError(f"is larger than {MAX_BYTES >> 20} MiB unpacked")
    if not unpacker.eof:
        raise ValueError("is cut off")
    return text

"""The panel that a citation opens: the page with the passage highlighted, and the text around it.

The panel asks the catalogue again whether this principal may read the document now: since the
answer, it may have been deleted, replaced or closed to them.
"""

import streamlit as st

from app.markup import context_html, label
from app.services import Services, local_principal
from app.texts import Texts, cited_page, support_words
from rag.answers import Citation
from rag.context import around
from rag.pages import has_pages, page_png
from rag.types import Document, Principal

_AROUND = 600
"""Characters shown before the cited chunk, and after it."""


def open_panel(services: Services, text: Texts, citation: Citation, principal: Principal) -> None:
    """Open the panel on the right."""
    name = label(citation.passage.document.name)

    def body() -> None:
        _show(services, text, citation, principal)

    st.dialog(name, width=640, position="right")(body)()


def _show(services: Services, text: Texts, citation: Citation, principal: Principal) -> None:
    st.html('<span class="fn-panel"></span>')  # style.css makes room for the answer beside it
    document = services.runtime.library.get(citation.passage.document.id)
    if document is None or not principal.may_read(document.groups):
        st.warning(text("cite.gone"), icon=":material/lock:")
        return
    if document.version != citation.passage.chunk.version:
        st.info(text("cite.newer"), icon=":material/history:")
    asked = citation.passage.document
    page = cited_page(citation)
    _show_actions(services, text, asked, page)
    image = page_image(services, asked, citation)
    if image is not None:
        st.image(image, width="stretch", alt=text("cite.page", page=page, pages=asked.pages))
        if not citation.boxes:
            st.caption(text("cite.not_marked"))
    st.markdown(f"##### {text('cite.context')}")
    st.html(context_html(citation, *around(services.runtime.library, citation.passage, _AROUND)))
    if citation.quote:
        st.markdown(f"##### {text('cite.quote')}")
        st.caption(support_words(text, citation.support))
        st.code(citation.quote, language=None, wrap_lines=True)


def _show_actions(services: Services, text: Texts, document: Document, page: int) -> None:
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        st.caption(text("cite.page", page=page, pages=document.pages) if page else " ")
        show_original_link(services, text, document, page)


def show_original_link(services: Services, text: Texts, document: Document, page: int = 0) -> None:
    """A link that opens the original in the browser, at `page` where it is a PDF's.

    The link is answered for the settings' own groups; a document that only the group chosen in
    the sidebar may read is offered as a download by this session instead.
    """
    if local_principal(services.runtime.settings).may_read(document.groups):
        place = f"#page={page}" if page and document.media_type == "application/pdf" else ""
        st.link_button(
            text("cite.open"),
            f"/api/documents/{document.id}/original{place}",
            icon=":material/open_in_new:",
        )
        return
    st.download_button(
        text("cite.download"),
        services.runtime.library.original(document.sha256).read_bytes(),
        file_name=document.name.rsplit("/", 1)[-1],
        icon=":material/download:",
        key=f"download-{document.id}",
    )


def page_image(services: Services, document: Document, citation: Citation) -> bytes | None:
    """The page as PNG with the highlights; None for formats that have no page images."""
    page = cited_page(citation)
    if not has_pages(document.media_type) or not page:
        return None
    original = services.runtime.library.original(document.sha256)
    if not original.is_file():  # replaced or deleted since, and its file with it
        return None
    return page_png(original, page, [box for box in citation.boxes if box.page == page])

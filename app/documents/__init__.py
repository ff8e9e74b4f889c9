"""The Documents page: add files, see what was understood of each and what was not, act on it.

`show` draws it; the modules beside it draw its parts. What is decided (states, versions, receipts,
sources) is decided in `ingest` and `rag`.
"""

import streamlit as st

from app.documents.listing import chosen_document, show_list
from app.documents.one import show_document
from app.documents.receipts import show_last_receipt, show_receipts
from app.documents.sources import show_sources
from app.documents.upload import show_upload
from app.markup import label
from app.services import Services, local_principal
from app.texts import Texts
from rag.types import Principal

__all__ = ["show"]


def show(services: Services, text: Texts, principal: Principal | None = None) -> None:
    """Draw the page; `principal` decides which other documents findings may name."""
    viewer = principal or local_principal(services.runtime.settings)
    st.header(text("nav.documents"), anchor=False)
    notice = st.session_state.pop("documents_notice", "")
    if notice:
        st.toast(label(notice), icon=":material/check:")
    listed, sources, deleted = st.tabs(
        [text("docs.tab.list"), text("docs.tab.sources"), text("docs.tab.deleted")]
    )
    with listed:
        # An open document stands above the list: below a long one nobody would see it.
        document = chosen_document(services)
        if document is not None:
            show_document(services, text, viewer, document)
        else:
            show_upload(services, text)
            show_last_receipt(text)
        show_list(services, text)
    with sources:
        show_sources(services, text)
    with deleted:
        show_receipts(services, text)

"""Deletion receipts: what is left of a document that was deleted, place by place."""

from datetime import tzinfo

import streamlit as st

from app.documents.listing import viewer_zone
from app.documents.rendering import grid_html
from app.documents.states import clock, day_and_time
from app.markup import label
from app.services import Services
from app.texts import Texts, has_text
from ingest.receipt import Receipt

_LISTED = 100


def keep_last(receipt: Receipt) -> None:
    """Show this receipt until it is closed."""
    st.session_state["last_receipt"] = receipt


def show_last_receipt(text: Texts) -> None:
    """The receipt of what was just deleted."""
    receipt: Receipt | None = st.session_state.get("last_receipt")
    if receipt is None:
        return
    with st.container(border=True, key="receipt"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{label(text('docs.deleted', name=receipt.name))}**")
            if st.button(text("docs.close"), key="receipt-close"):
                del st.session_state["last_receipt"]
                st.rerun()
        show_receipt(text, receipt, viewer_zone())


def show_receipt(text: Texts, receipt: Receipt, zone: tzinfo | None) -> None:
    """What a look at every place found before and after."""
    if receipt.is_clean:
        st.markdown(
            f":material/check_circle: {text('docs.receipt.clean', time=clock(receipt.at, zone))}"
        )
    else:
        st.warning(text("docs.receipt.left"))
    st.html(grid_html(counts(text, receipt)))
    if receipt.members:
        st.caption(label(text("docs.receipt.members", names=", ".join(receipt.members))))
    if receipt.shared:
        st.caption(text("docs.receipt.shared", count=receipt.shared))
    for note in receipt.notes:
        if has_text(f"docs.receipt.note.{note}"):
            st.caption(text(f"docs.receipt.note.{note}"))


def counts(text: Texts, receipt: Receipt) -> list[list[str]]:
    """The places, what there was in each, what is left."""
    places = list(receipt.found)
    found, remain = receipt.found, receipt.remain
    return [
        ["", *(text(f"docs.receipt.place.{place}") for place in places)],
        [text("docs.receipt.before"), *(str(found[place]) for place in places)],
        [text("docs.receipt.after"), *(str(remain.get(place, "?")) for place in places)],
    ]


def show_receipts(services: Services, text: Texts) -> None:
    """The receipts that are kept, newest first, and the one that is chosen."""
    receipts = [Receipt.from_dict(r) for r in services.runtime.library.receipts(_LISTED)]
    if not receipts:
        st.caption(text("docs.receipt.none"))
        return
    zone = viewer_zone()
    column = st.column_config
    chosen = st.dataframe(
        {
            "name": [receipt.name for receipt in receipts],
            "when": [day_and_time(receipt.at, zone) for receipt in receipts],
            "remains": [remains(text, receipt) for receipt in receipts],
        },
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        column_config={
            "name": column.TextColumn(text("docs.name"), width=420),
            "when": column.TextColumn(text("docs.receipt.when")),
            "remains": column.TextColumn(text("docs.receipt.remains")),
        },
        key="receipts",
    )
    selected = chosen["selection"]["rows"]
    if selected and selected[0] < len(receipts):
        show_receipt(text, receipts[selected[0]], zone)


def remains(text: Texts, receipt: Receipt) -> str:
    """What is left in all."""
    if receipt.is_clean:
        return text("docs.receipt.nothing")
    return str(sum(receipt.remain.values())) if receipt.complete else "?"

"""The sources that keep documents up to date: how each stands, syncing one now."""

import streamlit as st

from app.documents.listing import viewer_zone
from app.documents.states import day_and_time
from app.markup import label, note_html
from app.services import Services
from app.texts import Texts
from ingest.sources.schedule import Status

_SHOWN_PROBLEMS = 5
_POLL = 1.0


def show_sources(services: Services, text: Texts) -> None:
    """One box a source; polls while one is synced."""
    statuses = services.sources.statuses()
    if not statuses:
        st.caption(text("docs.source.none"))
        return
    waiting = any(status.waiting for status in statuses)
    st.fragment(_show_all, run_every=_POLL if waiting else None)(services, text, waiting)


def _show_all(services: Services, text: Texts, waiting: bool) -> None:
    statuses = services.sources.statuses()
    for status in statuses:
        _show_source(services, text, status)
    if any(status.waiting for status in statuses) != waiting:
        st.rerun()  # the page decides anew whether to poll


def _show_source(services: Services, text: Texts, status: Status) -> None:
    last = status.last
    with st.container(border=True, key=f"source-{status.name}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            kind = text(f"docs.source.kind.{status.kind}")
            st.markdown(f"**{label(status.name)}** · {kind} · {when_words(text, status)}")
            if st.button(
                text("docs.source.sync"),
                icon=":material/sync:",
                disabled=status.waiting,
                key=f"sync-{status.name}",
            ):
                services.sources.request(status.name)
                st.rerun()
        if status.waiting and status.document:
            st.caption(label(status.document))
        if last is None:
            return
        if last.finished_at:
            counts = {
                key: getattr(last, key) for key in ("added", "changed", "unchanged", "removed")
            }
            st.caption(text("docs.source.counts", **counts))
        for problem in last.problems[:_SHOWN_PROBLEMS]:
            st.html(note_html(problem, "fn-notice"))
        if len(last.problems) > _SHOWN_PROBLEMS:
            st.caption(text("docs.more", count=len(last.problems) - _SHOWN_PROBLEMS))
        if last.refused_removal and st.button(
            text("docs.source.confirm"), icon=":material/delete:", key=f"force-{status.name}"
        ):
            services.sources.request(status.name, force=True)
            st.rerun()


def when_words(text: Texts, status: Status) -> str:
    """When it was synced last."""
    if status.last is None or not status.last.started_at:
        return text("docs.source.never")
    return text("docs.source.last", time=day_and_time(status.last.started_at, viewer_zone()))

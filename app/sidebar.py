"""What surrounds every page: logo, navigation, language, who asks, which model writes."""

from pathlib import Path

import streamlit as st

from app import ask, documents, explain, traces
from app.markup import label
from app.services import Services, current, local_principal
from app.texts import LANGUAGES, Language, Texts, language_from, texts
from rag.types import EVERYONE, Principal
from serving.health import local_ollama

_STYLE = Path(__file__).with_name("style.css")
_LOGO = Path(__file__).with_name("logo.svg")
_LOGO_DARK = Path(__file__).with_name("logo-dark.svg")
_ICON = Path(__file__).with_name("icon.svg")


def show_frame() -> None:
    """Draw the frame and run the chosen page."""
    st.set_page_config(page_title="Footnote", page_icon=str(_ICON), layout="wide")
    st.html(_STYLE)
    services = current()
    dark = st.context.theme.type == "dark"
    st.logo(str(_LOGO_DARK if dark else _LOGO), size="large")
    text = texts(chosen_language())
    page = st.navigation(_pages(services, text))
    with st.sidebar:
        _show_settings(services, text)
    page.run()


def _pages(services: Services, text: Texts) -> list[st.Page]:
    def run_ask() -> None:
        ask.show(services, text, asking(services))

    def run_documents() -> None:
        documents.show(services, text, asking(services))

    def run_traces() -> None:
        traces.show(services, text)

    def run_explain() -> None:
        explain.show(services, text, asking(services))

    def run_evaluation() -> None:
        # Imported here: charts take a second to load that the other pages need not wait for.
        from app import evaluation

        evaluation.show(services, text)

    pages = (
        ("ask", run_ask, "forum"),
        ("documents", run_documents, "folder_open"),
        ("traces", run_traces, "timeline"),
        ("evaluation", run_evaluation, "monitoring"),
        ("explain", run_explain, "troubleshoot"),
    )
    return [
        st.Page(
            run,
            title=text(f"nav.{name}"),
            icon=f":material/{icon}:",
            url_path=name,
            default=name == "ask",
        )
        for name, run, icon in pages
    ]


def chosen_language() -> Language:
    """The language chosen in this session, at first the browser's.

    The switch reports None for a moment when a page is left while it loads; what was chosen
    before then stands.
    """
    state = st.session_state
    before: Language = state.get("language_before") or language_from(st.context.locale)
    chosen: Language = state.get("language") or before
    state["language"] = state["language_before"] = chosen
    return chosen


def asking(services: Services) -> Principal:
    """Who the questions of this session are asked as."""
    return local_principal(services.runtime.settings, st.session_state.get("as_group", ""))


def groups_that_exist(services: Services) -> list[str]:
    """Every group that some document names, `everyone` first."""
    found = {group for document in services.runtime.library.list(None) for group in document.groups}
    return [EVERYONE, *sorted(found - {EVERYONE})]


def _show_settings(services: Services, text: Texts) -> None:
    st.segmented_control(
        text("side.language"),
        list(LANGUAGES),
        format_func=lambda code: LANGUAGES[code],
        required=True,
        key="language",
    )
    own = ", ".join(services.runtime.settings.user_groups)
    names = {"": text("side.as.own", groups=own)}
    names |= {group: group for group in groups_that_exist(services)}
    if st.session_state.get("as_group", "") not in names:
        st.session_state["as_group"] = ""
    st.selectbox(
        text("side.as"),
        list(names),
        format_func=lambda group: names.get(group, group),
        key="as_group",
        filter_mode=None,
    )
    _show_model(services, text)


def _show_model(services: Services, text: Texts) -> None:
    settings = services.runtime.settings
    if settings.llm_url:
        st.caption(text("side.model", model=label(settings.llm_model)))
        return
    st.caption(text("side.no_model"))
    if "ollama" not in st.session_state:  # once a session: the probe may wait for its timeout
        st.session_state["ollama"] = local_ollama()
    models: tuple[str, ...] = st.session_state["ollama"]
    if models:
        st.caption(text("side.ollama"))
        st.code(
            f"FOOTNOTE_LLM_URL=http://127.0.0.1:11434/v1\nFOOTNOTE_LLM_MODEL={models[0]}",
            language=None,
        )

"""Composition of the one ASGI application: Streamlit's pages, the API and /health on one port."""

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route
from streamlit import config
from streamlit.starlette import App

from app.api import create_api
from app.guard import Guard
from app.openai_api import create_openai_api
from app.services import Services, provide, withdraw
from app.texts import texts

logger = logging.getLogger(__name__)

_FRAME = Path(__file__).with_name("frame.py")


def create_app(services: Services) -> App:
    """The ASGI application; its lifespan starts jobs and sources and closes the services."""
    settings = services.runtime.settings

    @asynccontextmanager
    async def lifespan(_app: App) -> AsyncIterator[None]:
        provide(services)
        services.jobs.start()
        services.sources.start()
        try:
            yield
        finally:
            withdraw()
            services.close()

    app = App(
        _FRAME,
        lifespan=lifespan,
        routes=[
            Route("/health", _health(services)),
            Mount("/api", create_api(services)),
            Mount("/v1", create_openai_api(services)),
        ],
        middleware=[Middleware(Guard, host=settings.host)],
        on_script_error=_page_failed,
    )
    # Larger files are refused by the uploader itself, which names the file and the limit.
    config.set_option("server.maxUploadSize", settings.max_file_mb)
    config.set_option("browser.serverPort", settings.port)
    return app


def _page_failed(error: Exception) -> bool:
    """One calm line for the person, everything for the log."""
    logger.error("A page failed", exc_info=error)
    st.error(
        texts(st.session_state.get("language_before", "en"))("page.error"), icon=":material/error:"
    )
    return True


def _health(services: Services) -> Callable[[Request], JSONResponse]:
    def health(_request: Request) -> JSONResponse:
        runtime = services.runtime
        return JSONResponse(
            {
                "status": "ok",
                "documents": len(runtime.library.list(None)),
                "chunks": runtime.store.count(),
                "model": runtime.settings.llm_model or None,
            }
        )

    return health

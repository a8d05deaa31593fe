"""The page, as a table of contents: 问答 and 文库 in Gradio, 原文 as pages of their own, one FastAPI application."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # read when Gradio is imported

import gradio as gr
import uvicorn
from fastapi import FastAPI, Request
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles

from assistant.answering import Assistant
from assistant.background_writing import writing_in_background
from assistant.evidence import calibration_for
from assistant.language_model import language_model_for
from assistant.ui import ask, library, reading, render, texts
from assistant.ui.reading_page import message_page
from assistant.ui.shell import Shell
from kb.errors import SettingsError
from kb.knowledge_base import KnowledgeBase
from kb.settings import Settings

_FILES = Path(__file__).resolve().parent / "files"
_WAITING = 100  # questions in the queue; further ones are told that the system is busy


def create_app(settings: Settings, knowledge_base: KnowledgeBase, assistant: Assistant) -> FastAPI:
    """The whole application, not yet listening anywhere."""
    app = FastAPI(title=texts.PRODUCT, docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(CORSMiddleware, allow_origins=[])  # else Gradio answers any origin, with credentials
    app.add_middleware(Shell)
    app.mount("/page", StaticFiles(directory=_FILES))
    app.include_router(reading.routes(knowledge_base))

    @app.exception_handler(Exception)
    def failed(request: Request, error: Exception) -> HTMLResponse:
        return HTMLResponse(message_page(texts.TRY_LATER, texts.BUSY), 500)

    @app.get("/healthz")
    def health() -> dict[str, Any]:
        return {"status": "ok", "documents": len(knowledge_base.summaries())}

    return _mounted(app, blocks(settings, knowledge_base, assistant))


def blocks(settings: Settings, knowledge_base: KnowledgeBase, assistant: Assistant) -> Any:
    """The Gradio part: header, one tab after the other, and what is restored when the page opens."""
    with gr.Blocks(title=texts.PRODUCT, analytics_enabled=False, fill_width=True, delete_cache=(600, 3600)) as page:
        kept = [gr.BrowserState(value, storage_key=f"shegong-{name}", secret=_KEY) for name, value in _KEPT.items()]
        turns, place, browsed, opened = kept
        gr.HTML(render.header(), apply_default_css=False, elem_id="brand")
        with gr.Tabs(elem_id="tabs") as tabs:
            with gr.Tab(texts.ASK, id="ask", elem_id="ask-tab"):
                asking = ask.build(knowledge_base, assistant, settings.region, turns, place)
            with gr.Tab(texts.LIBRARY, id="library", elem_id="library-tab"):
                browsing = library.build(knowledge_base, browsed)

        def restore(turns: Any, place: Any, browsed: Any, opened: Any, request: gr.Request) -> list[Any]:
            wanted = request.query_params.get("tab") or opened
            tab = gr.Tabs(selected="library") if wanted == "library" else gr.skip()  # whoever clicked meanwhile stays there
            return [tab, *asking.restore(turns, place), *browsing.restore(browsed)]

        def choose_tab(chosen: gr.SelectData) -> str:
            return "library" if chosen.value == texts.LIBRARY else "ask"

        quiet = {"show_progress": "hidden", "api_visibility": "private", "concurrency_limit": None}
        page.load(restore, kept, [tabs, *asking.outputs, *browsing.outputs], **quiet)
        tabs.select(choose_tab, None, opened, trigger_mode="always_last", **quiet)
    page.queue(max_size=_WAITING, api_open=False)
    return page


_KEPT: dict[str, Any] = {"conversation": [], "place": {}, "library": {}, "tab": "ask"}  # in the browser, by name
_KEY = "shegong"  # Gradio scrambles what it keeps in the browser; a fixed key lets it be read after a restart


def _mounted(app: FastAPI, page: Any) -> FastAPI:
    theme = gr.themes.Base(font=["sans-serif"], font_mono=["monospace"])  # names only: no font files are fetched
    return gr.mount_gradio_app(  # type: ignore[no-any-return]
        app, page, path="/", footer_links=[], run_history=False, allowed_paths=[], show_error=False, max_file_size="1kb",
        ssr_mode=False, enable_monitoring=False, pwa=False, mcp_server=False, theme=theme,
        app_kwargs={"docs_url": None, "redoc_url": None, "openapi_url": None},
    )  # fmt: skip


def serve(settings: Settings) -> None:
    """Open the knowledge base and serve the page until it is stopped. Raises SettingsError when the address is taken."""
    listening = _listen(settings.server.host, settings.server.port)
    host, port = listening.getsockname()[:2]
    knowledge_base = KnowledgeBase.open(settings)
    try:
        app = create_app(settings, knowledge_base, Assistant(
            knowledge_base, language_model_for(settings.llm), calibration_for(settings.data_folder)
        ))
        shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host
        print(texts.OPENED.format(address=f"http://{f'[{shown}]' if ':' in shown else shown}:{port}"), flush=True)
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", server_header=False))
        with writing_in_background(settings, knowledge_base):
            server.run(sockets=[listening])
    finally:
        knowledge_base.close()
        listening.close()


def _listen(host: str, port: int) -> socket.socket:
    """A socket bound to the address, so that a taken port is told before anything is opened."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listening = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise SettingsError(texts.HOST_WRONG.format(host=host, reason=error.strerror or error)) from error
    if os.name == "posix":
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(128)
    except OSError as error:
        listening.close()
        busy = isinstance(error, PermissionError) or error.errno in (48, 98, 10048)
        message = (
            texts.PORT_BUSY.format(port=port, other=port + 1)
            if busy
            else texts.HOST_WRONG.format(host=host, reason=error.strerror)
        )
        raise SettingsError(message) from error
    return listening

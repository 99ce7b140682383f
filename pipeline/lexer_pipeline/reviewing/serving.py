"""The page served on this machine to one browser, until its person is done."""

import logging
import secrets
import socket
import webbrowser
from collections.abc import Callable

import uvicorn
from fastapi import FastAPI, Response
from nicegui import ui

from lexer_pipeline.errors import UsageError
from lexer_pipeline.reviewing.desk import Desk
from lexer_pipeline.reviewing.frame import show
from lexer_pipeline.reviewing.guard import KEY, Guard
from lexer_pipeline.reviewing.session import Session


def serve(session: Session, port: int, say: Callable[[str], None], opens_browser: bool) -> None:
    """Serve the page until its person is done, or an interrupt; `say` is told the address, which is good for one browser."""
    with _listening(port) as listening:
        number = listening.getsockname()[1]
        key = secrets.token_urlsafe(24)
        app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
        guard = Guard(app, number, key, secrets.token_urlsafe(24))
        server = uvicorn.Server(
            uvicorn.Config(guard, log_level="critical", access_log=False, timeout_graceful_shutdown=1)
        )
        desk = Desk(session, lambda: setattr(server, "should_exit", True))
        _set_up(app, desk)
        address = f"http://127.0.0.1:{number}/?{KEY}={key}"
        say(f"Open {address}")
        say("It is good for one browser. Press Done on the page, or Ctrl-C here, to end.")
        if opens_browser:
            webbrowser.open(address)
        server.run(sockets=[listening])
    if desk.defect is not None:
        raise desk.defect


def _listening(port: int) -> socket.socket:
    listening = socket.socket()
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", port))
        # Whoever is told the address may come before the server takes its first call.
        listening.listen()
    except (OSError, OverflowError):
        listening.close()
        raise UsageError(
            f"port {port} of 127.0.0.1 cannot be used", "Name another one with --port."
        ) from None
    return listening


def _set_up(app: FastAPI, desk: Desk) -> None:
    # Whatever a library would log of a failure may hold a value of a record.
    logging.getLogger("nicegui").disabled = True

    @app.get("/rows")
    def rows(begin: int, end: int) -> Response:
        return Response(desk.rows(begin, end), media_type="application/json")

    ui.run_with(
        app, root=lambda: show(desk), title="Review", dark=None, show_welcome_message=False,
        binding_refresh_interval=None, language="en-US",
    )  # fmt: skip

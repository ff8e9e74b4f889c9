"""`python -m app`: serve Footnote's pages and API on one port.

The port is taken before anything is loaded, so that a busy one costs no wait and no second process
comes near the store. Messages go to standard error, one line each.
"""

import logging
import socket
import sys
import time

from app.guard import LOOPBACK
from rag.settings import Settings, load_settings
from serving.errors import ConfigError, FootnoteError
from serving.quiet import switch_telemetry_off


def main() -> int:
    """Serve until interrupted; the exit status."""
    started = time.monotonic()
    switch_telemetry_off()
    try:
        settings = load_settings()
        listener = listen(settings)
        with listener:
            serve(settings, listener, started)
    except FootnoteError as error:
        print(f"footnote: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:  # uvicorn has closed everything and raises it again
        return 130
    return 0


def listen(settings: Settings) -> socket.socket:
    """A listening socket at the settings' address.

    Raises:
        ConfigError: the port is in use or the address is not this machine's.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    # Without it a restart would wait a minute for the old connections to be forgotten. Listening
    # at once keeps a second process out all the same.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise ConfigError(
            f"Cannot listen on {settings.host} port {settings.port}: {error.strerror}. "
            "Stop the other program or choose another port with FOOTNOTE_PORT."
        ) from None
    return listener


def serve(settings: Settings, listener: socket.socket, started: float) -> None:
    """Open the services and run the server on `listener` until it is interrupted."""
    import uvicorn

    from app.main import create_app
    from app.services import open_services

    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    if settings.host not in LOOPBACK:
        print(
            f"footnote: warning: {settings.host} is reachable by other machines, and anyone who "
            "reaches it can read the documents. There is no sign-in yet.",
            file=sys.stderr,
        )
    app = create_app(open_services(settings))
    seconds = time.monotonic() - started
    shown = "localhost" if settings.host in LOOPBACK else settings.host
    print(f"Footnote is at http://{shown}:{settings.port} (ready in {seconds:.1f} s)", flush=True)
    server = uvicorn.Server(
        uvicorn.Config(app, log_level="warning", access_log=False, timeout_graceful_shutdown=5)
    )
    server.run(sockets=[listener])


if __name__ == "__main__":
    sys.exit(main())

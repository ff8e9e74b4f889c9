"""Notices a local Ollama so that the pages can offer it. Never starts, loads or uses a model.

Knows only the default address on loopback; a server elsewhere is a setting, not a discovery.
"""

import json
import urllib.error
import urllib.request

OLLAMA = "http://127.0.0.1:11434"


def local_ollama(url: str = OLLAMA, timeout: float = 0.3) -> tuple[str, ...]:
    """Names of the models that an Ollama on this machine has; () where there is none.

    Args:
        url: address on loopback, without a path.
        timeout: seconds.

    Raises:
        ValueError: `url` is not on loopback.
    """
    if not url.startswith(("http://127.0.0.1:", "http://localhost:", "http://[::1]:")):
        raise ValueError(f"{url} is not on loopback")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{url}/api/tags", timeout=timeout) as response:
            body = json.load(response)
    except (OSError, urllib.error.URLError, ValueError):
        return ()
    models = body.get("models", []) if isinstance(body, dict) else []
    names = (model.get("name") for model in models if isinstance(model, dict))
    return tuple(name for name in names if isinstance(name, str))

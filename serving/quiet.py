"""Nothing that Footnote is built on reports to its makers: their switches, set at process entry.

Called by every `__main__` before the libraries are imported, because most of them read their
switch once. OpenVINO has no such switch; `serving/e5_openvino.py` keeps its reporter out. What a
library will invent in a later version is not known here: `tests/test_no_phone_home.py` listens.
"""

import os

SWITCHES = {
    "DO_NOT_TRACK": "1",  # huggingface_hub, unstructured, and whoever follows donottrack.sh
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "SCARF_NO_ANALYTICS": "true",  # unstructured
    "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "false",  # also in .streamlit/config.toml
}


def switch_telemetry_off() -> None:
    """Set the switches for this process and its children; an operator's own values give way."""
    os.environ.update(SWITCHES)

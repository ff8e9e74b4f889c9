"""The script that Streamlit runs for every visit: page settings, navigation, sidebar.

Thin on purpose: what the pages do is in `app.ask`, `app.documents` and `app.traces`.
"""

from app import sidebar

sidebar.show_frame()

"""What people and programs see: Streamlit pages and the HTTP API, one process, one port."""

"""`python -m ingest worker`: a process that reads and indexes documents for others to serve.

On any machine that reaches the Qdrant server, the catalogue, the queue and `data_dir/library`
(a shared file system). It opens what ingesting needs and no language model.
"""

import os
import signal
import sys
import threading
from types import FrameType

from ingest.jobs import open_jobs
from ingest.pipeline import Pipeline
from rag.corpus import open_corpus
from rag.settings import Settings
from serving.errors import ConfigError

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


def work(settings: Settings, threads: int) -> int:
    """Take documents until SIGTERM or SIGINT; a second one ends the process at once.

    The document at hand goes back to waiting at its next step. The exit status is 0.

    Args:
        threads: documents at once.

    Raises:
        ConfigError: the index is embedded and belongs to the app, or a server is not there.
    """
    if not settings.qdrant_url:
        raise ConfigError(
            "The embedded index belongs to the app, which reads documents itself "
            "(FOOTNOTE_WORKERS). Workers of their own need a Qdrant server: FOOTNOTE_QDRANT_URL."
        )
    stopping = threading.Event()

    def stop(number: int, _frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)
        stopping.set()

    settings = settings.model_copy(update={"workers": threads})
    with open_corpus(settings) as corpus:
        pipeline = Pipeline(corpus.library, corpus.store, corpus.embedder, settings)
        jobs = open_jobs(pipeline, settings)
        before = {number: signal.signal(number, stop) for number in _SIGNALS}
        try:
            jobs.start()
            _say(f"footnote: worker {os.getpid()} takes documents, {threads} at once")
            stopping.wait()
        finally:
            jobs.close()
            for number, handler in before.items():
                signal.signal(number, handler)
    _say(f"footnote: worker {os.getpid()} stopped after {jobs.finished} documents")
    return 0


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()

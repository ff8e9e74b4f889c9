"""Following a bucket of a real S3 server (SeaweedFS) on loopback."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ingest.sources import Gone, TooLarge, Unsettled
from ingest.sources.config import S3Config
from ingest.sources.s3 import S3Source
from ingest.sources.sync import sync
from rag.types import State
from serving.errors import SourceUnavailable
from tests.s3_server import KEY, SECRET, S3Server

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with S3Server(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture
def bucket(server: S3Server, request: pytest.FixtureRequest) -> str:
    name = request.node.name.replace("_", "-").replace("[", "-").replace("]", "")[:60].lower()
    server.client.create_bucket(Bucket=name)
    return name


def source(server: S3Server, bucket: str, secret: str = SECRET, **fields: Any) -> S3Source:
    endpoint = fields.pop("endpoint", server.url)
    config = S3Config(name="bucket", kind="s3", endpoint=endpoint, bucket=bucket, **fields)
    return S3Source(config, KEY if secret else "", secret, 1 << 20)


def keys(library: Any) -> set[str]:
    return {document.name for document in library.list()}


def test_bucket_is_followed(server, bucket, pipeline, library):
    server.put(bucket, "docs/leave.md", "# Leave\n\nLeave is 28 days.\n")
    server.put(bucket, "docs/кадры/обед.txt", "Обед длится сорок пять минут.\n")
    server.put(bucket, "docs/folder/", "")
    server.put(bucket, "docs/.hidden", "x")
    server.put(bucket, "elsewhere.txt", "Not of this prefix.\n")
    waiting: list[str] = []
    first = sync(source(server, bucket, prefix="docs/"), pipeline, waiting.append)
    assert (first.added, first.problems) == (2, ())
    assert [d.state for d in pipeline.process_all(waiting) if d] == [State.READY] * 2
    assert keys(library) == {"bucket/leave.md", "bucket/кадры/обед.txt"}

    again = source(server, bucket, prefix="docs/")
    again.fetch = None  # type: ignore[method-assign,assignment]  # nothing is to be fetched
    assert sync(again, pipeline, waiting.append).unchanged == 2

    server.put(bucket, "docs/leave.md", "# Leave\n\nLeave is 30 days.\n")
    server.delete(bucket, "docs/кадры/обед.txt")
    synced = sync(source(server, bucket, prefix="docs/"), pipeline, waiting.append)
    assert (synced.changed, synced.removed) == (1, 1)
    assert keys(library) == {"bucket/leave.md"}


def test_more_than_one_page_of_keys(server, bucket):
    for number in range(1003):
        server.put(bucket, f"{number:04}.txt", "Rule.\n")
    items = list(source(server, bucket).items())
    assert [item.key for item in items] == [f"{number:04}.txt" for number in range(1003)]


def test_an_object_is_what_was_listed_or_nothing(server, bucket, tmp_path):
    server.put(bucket, "a.txt", "One.\n")
    server.put(bucket, "large.txt", b"a" * ((1 << 20) + 1))
    web = source(server, bucket)
    small, large = web.items()
    assert web.fetch(small, tmp_path / "a", "") == small.fingerprint
    assert (tmp_path / "a").read_text() == "One.\n"
    assert web.fetch(small, tmp_path / "a", small.fingerprint) is None
    with pytest.raises(TooLarge) as too_large:
        web.fetch(large, tmp_path / "a", "")
    assert too_large.value.size == (1 << 20) + 1
    server.put(bucket, "a.txt", "Two.\n")
    with pytest.raises(Unsettled):
        web.fetch(small, tmp_path / "a", "")
    server.delete(bucket, "a.txt")
    with pytest.raises(Gone):
        web.fetch(small, tmp_path / "a", "")
    web.close()


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        ({"secret": "wrong"}, "SignatureDoesNotMatch"),
        ({"secret": ""}, "AccessDenied"),
        ({"bucket": "nowhere"}, "NoSuchBucket"),
        ({"endpoint": "http://127.0.0.1:9"}, "EndpointConnectionError"),
    ],
    ids=["secret", "nobody", "bucket", "server"],
)
def test_failed(server, bucket, pipeline, library, tmp_path, fields, what):
    server.put(bucket, "a.txt", "Rule.\n")
    sync(source(server, bucket), pipeline, lambda _id: None)
    wrong = source(server, **{"bucket": bucket, **fields})
    synced = sync(wrong, pipeline, lambda _id: None, force=True)
    assert what in synced.problems[0]
    assert "nothing was removed" in synced.problems[1]
    assert SECRET not in "".join(synced.problems)
    assert keys(library) == {"bucket/a.txt"}
    with pytest.raises(SourceUnavailable, match="cannot be listed"):
        next(wrong.items())


HOSTILE = {
    "AWS_PROFILE": "nobody",
    "AWS_ENDPOINT_URL": "http://192.0.2.1",
    "AWS_ENDPOINT_URL_S3": "http://192.0.2.1",
    "AWS_DEFAULTS_MODE": "auto",
    "AWS_CA_BUNDLE": "/nowhere",
    "AWS_ACCESS_KEY_ID": "somebody",
    "AWS_SECRET_ACCESS_KEY": "else",
    "AWS_USE_FIPS_ENDPOINT": "true",
    "HTTP_PROXY": "http://192.0.2.1:1",
    "http_proxy": "http://192.0.2.1:1",
    "ALL_PROXY": "http://192.0.2.1:1",
}
LOOK = """
import json, sys
from tests.listening import HEARD, listen
sys.addaudithook(listen)
from ingest.sources.config import S3Config
from ingest.sources.s3 import S3Source
url, bucket, key, secret = sys.argv[1:]
config = S3Config(name="bucket", kind="s3", endpoint=url, bucket=bucket)
found = [item.key for item in S3Source(config, key, secret, 1000).items()]
json.dump({"found": found, "heard": HEARD}, sys.stdout)
"""


@pytest.mark.parametrize("key", [KEY, ""], ids=["key", "nobody"])
def test_only_the_endpoint_is_spoken_to(server, bucket, tmp_path, key):
    server.put(bucket, "a.txt", "Rule.\n")
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": "*",
                "Action": ["s3:ListBucket", "s3:GetObject"],
                "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
            }
        ],
    }
    server.client.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "config").write_text("[profile nobody\nnot a config file")
    done = subprocess.run(
        [sys.executable, "-c", LOOK, server.url, bucket, key, SECRET if key else ""],
        cwd=ROOT,
        env={**os.environ, **HOSTILE, "HOME": str(tmp_path), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"found": ["a.txt"], "heard": []}

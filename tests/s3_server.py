"""A real S3 server on loopback: SeaweedFS in a process of its own, with signatures checked.

Its master, volume and filer listen on loopback ports of their own; it is told to report nothing
to its makers.
"""

import json
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from tests.app_server import free_port

WEED = Path(sys.executable).with_name("weed")
KEY, SECRET = "footnote-tests", "no-secret-at-all"
_IDENTITY = {
    "name": "tests",
    "credentials": [{"accessKey": KEY, "secretKey": SECRET}],
    "actions": ["Admin", "Read", "List", "Write"],
}


class S3Server:
    """Started on entering, killed on leaving. `client` is a boto3 client with all rights."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.url = f"http://127.0.0.1:{free_port()}"
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        data = self._folder / "data"
        data.mkdir(parents=True)
        config = self._folder / "s3.json"
        config.write_text(json.dumps({"identities": [_IDENTITY]}))
        with (self._folder / "weed.log").open("wb") as log:
            process = subprocess.Popen(
                [WEED, "server", *self._options(data, config)],
                cwd=self._folder,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self._stack.callback(process.wait)
        self._stack.callback(process.kill)
        try:
            self.client = self._connect(process)
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()
        self._stack.close()

    def put(self, bucket: str, key: str, text: str | bytes) -> None:
        body = text.encode() if isinstance(text, str) else text
        self.client.put_object(Bucket=bucket, Key=key, Body=body)

    def delete(self, bucket: str, key: str) -> None:
        self.client.delete_object(Bucket=bucket, Key=key)

    def _options(self, data: Path, config: Path) -> list[str]:
        ports = []
        for part in ("master", "volume", "filer"):
            ports += [f"-{part}.port={free_port()}", f"-{part}.port.grpc={free_port()}"]
        return [
            "-ip=127.0.0.1",
            "-ip.bind=127.0.0.1",
            f"-dir={data}",
            *ports,
            "-master.telemetry=false",
            "-master.volumeSizeLimitMB=64",
            "-volume.max=200",
            "-filer.localSocket=" + str(self._folder / "filer.sock"),
            "-s3",
            f"-s3.port={self.url.rpartition(':')[2]}",
            f"-s3.port.grpc={free_port()}",
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
            "-s3.localSocket=" + str(self._folder / "s3.sock"),
            f"-s3.config={config}",
        ]

    def _connect(self, process: "subprocess.Popen[bytes]") -> Any:
        client = boto3.client(
            "s3",
            endpoint_url=self.url,
            aws_access_key_id=KEY,
            aws_secret_access_key=SECRET,
            region_name="us-east-1",
            config=Config(proxies={}, retries={"total_max_attempts": 1}),
        )
        end = time.monotonic() + 60
        while time.monotonic() < end:
            if process.poll() is not None:
                break
            try:
                client.create_bucket(Bucket="ready")
                return client
            except (BotoCoreError, ClientError):
                time.sleep(0.2)
        client.close()
        raise AssertionError((self._folder / "weed.log").read_text())

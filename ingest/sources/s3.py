"""A bucket at Amazon or at any server that speaks S3, through boto3.

Nothing but the sources file decides where it connects and as whom: profiles, `AWS_` variables,
proxies and the metadata service of cloud machines are not asked. A listing is not a snapshot: what
changes while it is read is found by the next one.
"""

import posixpath
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.session
from boto3.session import Session
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ResponseStreamingError

from ingest.sources import Gone, Item, TooLarge, Unsettled
from ingest.sources.config import S3Config
from serving.errors import SourceUnavailable

_SECONDS = 30
_GONE = {"404", "NoSuchKey"}
_CHANGED = {"412", "PreconditionFailed"}


class S3Source:
    """A `Source`: the objects whose keys begin with the prefix, by the keys' rest after its folder.

    The fingerprint is the ETag and the size that the listing gives.
    """

    def __init__(self, config: S3Config, key: str, secret: str, max_bytes: int) -> None:
        self.name = config.name
        self.groups = config.groups
        self._config = config
        self._max_bytes = max_bytes
        self._folder = config.prefix[: config.prefix.rfind("/") + 1]
        self._client = _client(config, key, secret)

    def items(self) -> Iterator[Item]:
        pages = self._client.get_paginator("list_objects_v2")
        try:
            for page in pages.paginate(Bucket=self._config.bucket, Prefix=self._config.prefix):
                for entry in page.get("Contents", ()):
                    key = entry["Key"].removeprefix(self._folder)
                    if not _is_hidden(key):
                        yield Item(key, f"{entry['ETag']}-{entry['Size']}", entry["Size"])
        except (BotoCoreError, ClientError) as error:
            bucket = f"{self._config.endpoint} bucket {self._config.bucket}"
            raise SourceUnavailable(
                f"{self.name}: {bucket} cannot be listed ({_reason(error)})."
            ) from error

    def fetch(self, item: Item, path: Path, known: str) -> str | None:
        if item.fingerprint == known:
            return None
        name = f"{self.name}/{item.key}"
        etag = item.fingerprint.rpartition("-")[0]
        try:
            answer = self._client.get_object(
                Bucket=self._config.bucket, Key=f"{self._folder}{item.key}", IfMatch=etag
            )
            with answer["Body"] as body:
                if answer["ContentLength"] > self._max_bytes:
                    raise TooLarge(f"{name}: is too large.", answer["ContentLength"])
                with path.open("wb") as file:
                    shutil.copyfileobj(body, file, 1 << 20)
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            if code in _GONE:
                raise Gone(f"{name}: is gone.") from error
            if code in _CHANGED:
                raise Unsettled(f"{name}: changed meanwhile.") from error
            raise SourceUnavailable(f"{name}: cannot be read ({_reason(error)}).") from error
        except (BotoCoreError, ResponseStreamingError) as error:
            raise SourceUnavailable(f"{name}: cannot be read ({_reason(error)}).") from error
        return item.fingerprint

    def problems(self) -> list[str]:
        return []

    def close(self) -> None:
        self._client.close()


def _client(config: S3Config, key: str, secret: str) -> Any:
    # No variable of the environment and no file of the user's home has a say.
    defaults = botocore.session.Session.SESSION_VARIABLES
    silent = {name: (None, None, value[2], value[3]) for name, value in defaults.items()}
    silent |= dict.fromkeys(("config_file", "credentials_file"), (None, None, "", None))
    session = botocore.session.Session(silent)
    return Session(
        aws_access_key_id=key or None,
        aws_secret_access_key=secret or None,
        region_name=config.region,
        botocore_session=session,
    ).client(
        "s3",
        endpoint_url=config.endpoint,
        config=Config(
            signature_version="s3v4" if key else UNSIGNED,
            connect_timeout=_SECONDS,
            read_timeout=_SECONDS,
            retries={"mode": "standard", "total_max_attempts": 3},
            proxies={},
            s3={"addressing_style": "path", "us_east_1_regional_endpoint": "regional"},
            # Servers other than Amazon's do not know the newer checksums.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )


def _is_hidden(key: str) -> bool:
    return not key or key.endswith("/") or posixpath.basename(key).startswith(".")


def _reason(error: Exception) -> str:
    """One line without the request's headers."""
    if isinstance(error, ClientError):
        found = error.response.get("Error", {})
        return f"{found.get('Code', '?')}: {found.get('Message', '')}".replace("\n", " ")
    return type(error).__name__

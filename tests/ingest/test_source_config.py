"""The sources file: what it may say, and one clear line for what it may not."""

from pathlib import Path

import pytest

from ingest.sources.config import FolderConfig, S3Config, WebConfig, choose, load_sources, secret
from ingest.sources.folder import FolderSource
from ingest.sources.opening import configured, open_source
from rag.settings import Settings
from serving.errors import ConfigError

GOOD = """
[[source]]
name = "handbook"
kind = "folder"
path = "shelf"
groups = ["hr", "everyone", "hr"]
every = "30s"

[[source]]
name = "архив"
kind = "s3"
endpoint = "https://s3.example.org"
bucket = "archive"
prefix = "docs/"
key_env = "ARCHIVE_KEY"
secret_env = "ARCHIVE_SECRET"
every = "2h"

[[source]]
name = "wiki"
kind = "web"
sitemap = "https://wiki.example.org/sitemap.xml"

[[source]]
name = "pages"
kind = "web"
urls = "pages.txt"
"""


def write(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "sources.toml"
    file.write_text(text)
    return file


def test_a_good_file(tmp_path):
    folder, bucket, wiki, pages = load_sources(write(tmp_path, GOOD))
    assert isinstance(folder, FolderConfig)
    assert (folder.path, folder.groups) == (tmp_path / "shelf", ("everyone", "hr"))
    assert folder.every == 30
    assert isinstance(bucket, S3Config)
    assert (bucket.every, bucket.groups) == (7200, None)
    assert isinstance(wiki, WebConfig)
    assert (wiki.every, wiki.delay) == (86400, 1.0)
    assert isinstance(pages, WebConfig)
    assert pages.urls == tmp_path / "pages.txt"
    assert choose((folder, bucket), "архив") == (bucket,)
    assert choose((folder, bucket), "") == (folder, bucket)


def test_no_file_is_no_source(tmp_path):
    assert configured(Settings(_env_file=None)) == ()
    with pytest.raises(ConfigError, match="names no sources"):
        choose((), "")


def entry(**changes: str) -> str:
    fields = {"name": '"a"', "kind": '"folder"', "path": '"x"', **changes}
    lines = [f"{name} = {value}" for name, value in fields.items() if value]
    return "\n".join(["[[source]]", *lines])


S3 = {"kind": '"s3"', "path": "", "endpoint": '"http://s"', "bucket": '"b"'}
WEB = {"kind": '"web"', "path": ""}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (entry(pth='"x"'), "source a: unknown name pth. Did you mean path?"),
        (entry(kind='"ftp"'), "source a: kind is one of folder, s3, web."),
        (entry(kind=""), "source a: kind is one of folder, s3, web."),
        (entry(path=""), "source a: path is missing."),
        (entry(name=""), "source 1: name is missing."),
        (entry(name='"a/b"'), "source a/b: name: letters, digits"),
        (entry(every='"15"'), 'every: give a number and a unit, like "30s"'),
        (entry(every="15"), "every: give a number and a unit"),
        (entry(every='"0m"'), "every: give a number and a unit"),
        (entry(groups='[" "]'), "groups: no group"),
        (entry(**S3, secret="'shh'"), "unknown name secret. Did you mean secret_env?"),
        (entry(**S3, key_env='"K"'), "key_env and secret_env go together"),
        (entry(**{**S3, "endpoint": '"s3.example.org"'}), "endpoint: String should match"),
        (entry(**{**S3, "endpoint": '"http://key:secret@s"'}), "endpoint: String should match"),
        (entry(**WEB), "give either sitemap or urls"),
        (entry(**WEB, sitemap='"file:///etc/passwd"'), "sitemap is not an http address"),
        (entry(**WEB, sitemap='"http://a/"', urls='"b"'), "give either sitemap or urls"),
        (entry() + "\n" + entry(), "two sources are named 'a'"),
        ("[source]\nname = 'a'", "write one [[source]] table for each source"),
        ("[[sources]]\nname = 'a'", "write one [[source]] table for each source"),
        ("name = ", "is not TOML"),
        ("source = [1]", "source 1: kind is one of"),
    ],
)
def test_a_mistake_is_one_clear_line(tmp_path, text, says):
    with pytest.raises(ConfigError) as error:
        load_sources(write(tmp_path, text))
    message = str(error.value)
    assert says in message
    assert message.startswith(str(tmp_path))
    assert "\n" not in message
    assert "shh" not in message


def test_a_missing_file_is_an_error(tmp_path):
    with pytest.raises(ConfigError, match="No such file"):
        configured(Settings(sources=str(tmp_path / "none.toml"), _env_file=None))


def test_secrets_come_from_the_environment(tmp_path):
    assert secret("a", "", {}) == ""
    assert secret("a", "KEY", {"KEY": "value"}) == "value"
    with pytest.raises(ConfigError, match="environment variable KEY is not set"):
        secret("a", "KEY", {})


def test_a_folder_is_opened(tmp_path):
    (config, *_rest) = load_sources(write(tmp_path, GOOD))
    source = open_source(config, Settings(_env_file=None))
    assert isinstance(source, FolderSource)
    assert (source.name, source.root) == ("handbook", tmp_path / "shelf")

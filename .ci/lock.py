"""Writes requirements.lock and requirements-test.lock from what is installed here.

The closure of pyproject.toml's dependencies, each at the installed version. unstructured names
spaCy and numba, which Footnote replaces (ingest/parse/nlp.py), and openvino a package that only
phones home: they are left out, which is why
the locks are installed with `pip install --no-deps`.
"""

import re
import tomllib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
REPLACED = {"spacy", "numba", "openvino-telemetry"}


def name_of(text: str) -> str:
    return re.sub(r"[-_.]+", "-", text).lower()


def closure(wanted: list[str]) -> dict[str, str]:
    """Name and version of everything that `wanted` needs in this environment."""
    found: dict[str, str] = {}
    seen: set[tuple[str, str]] = set()
    queue = [Requirement(text) for text in wanted]
    while queue:
        requirement = queue.pop()
        name = name_of(requirement.name)
        for extra in {"", *requirement.extras}:
            if name in REPLACED or (name, extra) in seen:
                continue
            seen.add((name, extra))
            try:
                package = distribution(name)
            except PackageNotFoundError:
                raise SystemExit(f"{name} is needed but not installed") from None
            found[name] = package.version.split("+")[0]
            for line in package.requires or ():
                needed = Requirement(line)
                if needed.marker is None or needed.marker.evaluate({"extra": extra}):
                    queue.append(needed)
    return found


def main() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    run = closure(project["dependencies"])
    test = closure(project["optional-dependencies"]["test"])
    for file, pins in (
        ("requirements.lock", run),
        ("requirements-test.lock", {k: v for k, v in test.items() if k not in run}),
    ):
        lines = [f"{name}=={version}" for name, version in sorted(pins.items())]
        head = "# Written by `make lock`. Install with: pip install --no-deps -r " + file
        (ROOT / file).write_text("\n".join([head, *lines, ""]))


if __name__ == "__main__":
    main()

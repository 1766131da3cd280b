"""Fetches the jars of Kafka, once, and believes none that is not on the committed list of SHA-256.

A download that was cut is taken as whole for ever by the resolver's cache; so everything arrives in a fresh
folder, is compared with the list, and only then gets its name.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from infra.embedded.obstacle import Obstacle, obstacle_of

KAFKA_VERSION = "4.3.1"
LIST = Path(__file__).with_name("kafka_jars.sha256")

# kafka-clients is named too, or log4j's bill of materials drags in an old one.
_ENDPOINT = (
    f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}"
    f"+org.apache.kafka:kafka-clients:{KAFKA_VERSION}"
    "+org.apache.logging.log4j:log4j-slf4j-impl:2.25.1"
)
_FETCH_TIMEOUT_S = 60
_ATTEMPTS = 3

Fetch = Callable[[Path], None]


def folder_of(cache: Path) -> Path:
    """Name the folder of the jars in a cache: another list, another folder."""
    return cache / f"kafka-{KAFKA_VERSION}-{_digest(LIST)[:12]}"


def jars(cache: Path, fetch: Fetch | None = None) -> Path:
    """Provide a folder with exactly the listed jars; fetch them if it is not there yet.

    :param fetch: puts jars anywhere below the folder it gets; the default asks Maven's public repository.
    :raises Obstacle: if three attempts in a row did not bring every jar whole.
    """
    whole = folder_of(cache)
    if whole.is_dir():
        return whole
    cache.mkdir(parents=True, exist_ok=True)
    with _alone(cache / "fetch.lock"):
        if not whole.is_dir():
            _fetch_until_whole(cache, whole, fetch or fetch_from_maven)
    return whole


def fetch_from_maven(folder: Path) -> None:
    """Resolve Kafka's artifacts from Maven's public repository into a folder."""
    from jgo.env import EnvironmentBuilder, LinkStrategy
    from jgo.maven import MavenContext, PythonResolver

    # The resolver's client looks for certificates in a place of its own.
    trusted = os.environ.get("SSL_CERT_FILE") or os.environ.get("PIP_CERT")
    if trusted:
        os.environ.setdefault("REQUESTS_CA_BUNDLE", trusted)
    context = MavenContext(
        repo_cache=folder / "repository", resolver=PythonResolver(), timeout=_FETCH_TIMEOUT_S
    )
    builder = EnvironmentBuilder(
        context=context, cache_dir=folder / "environment", link_strategy=LinkStrategy.AUTO
    )
    builder.from_endpoint(_ENDPOINT)


def listed() -> dict[str, str]:
    """Read the committed list: file name to SHA-256."""
    pairs = (line.split() for line in LIST.read_text(encoding="ascii").splitlines())
    return {name: digest for digest, name in pairs}


def _fetch_until_whole(cache: Path, whole: Path, fetch: Fetch) -> None:
    trouble = ""
    for _ in range(_ATTEMPTS):
        fresh = cache / f"fetching-{os.getpid()}"
        for leftover in cache.glob("fetching-*"):
            shutil.rmtree(leftover, ignore_errors=True)
        try:
            (fresh / "download").mkdir(parents=True)
            fetch(fresh / "download")
            _collect(fresh / "download", fresh / "jars")
            (fresh / "jars").rename(whole)
            return
        except OSError as refused:
            if not _is_network(refused):
                raise obstacle_of(refused) from refused
            trouble = str(refused)
        except Exception as refused:  # noqa: BLE001 - the resolver raises whatever its parsers raise
            trouble = f"{type(refused).__name__}: {refused}"
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    raise Obstacle(
        f"Kafka's jars did not arrive whole in {_ATTEMPTS} attempts ({_short(trouble)}).",
        "Check the network to Maven's public repository and start again; what arrived is thrown away.",
    )


def _collect(download: Path, target: Path) -> None:
    """Move every listed jar, once its digest is right, into one folder.

    :raises ValueError: if one is missing or differs.
    """
    target.mkdir()
    found = {path.name: path for path in download.rglob("*.jar") if path.parent.name in ("jars", "modules")}
    for name, digest in listed().items():
        if name not in found:
            raise ValueError(f"{name} is missing")
        if _digest(found[name]) != digest:
            raise ValueError(f"{name} differs from the committed list")
        shutil.copyfile(found[name], target / name)
    extra = sorted(set(found) - set(listed()))
    if extra:
        raise ValueError(f"{extra[0]} is not on the committed list")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _is_network(refused: OSError) -> bool:
    # requests' exceptions are OSErrors without an errno of the file system.
    return refused.filename is None and refused.errno is None


def _short(text: str) -> str:
    cause = text.rpartition("Caused by ")[2].rstrip(")")
    return cause if len(cause) <= 160 else cause[:157] + "..."


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    from infra.embedded.settings import StackSettings

    try:
        jars(StackSettings().jar_cache)
    except Obstacle as known:
        raise SystemExit(str(known)) from None

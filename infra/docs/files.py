"""Generated files: written, or only compared with what is committed. Refuses to leave what nobody writes."""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path


def faults(texts: Mapping[Path, str], folder: Path, pattern: str) -> list[str]:
    """Tell which files of the folder are not as the code says."""
    strays = [f"{path.name}: nothing writes it any more" for path in _strays(texts, folder, pattern)]
    return strays + [
        f"{path.name}: {'out of date' if path.exists() else 'not written yet'}"
        for path, text in sorted(texts.items())
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]


def write(texts: Mapping[Path, str], folder: Path, pattern: str) -> None:
    """Write the files, and remove what nothing writes any more."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in _strays(texts, folder, pattern):
        path.unlink()
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8")


def run(texts: Mapping[Path, str], folder: Path, pattern: str) -> int:
    """Write the files, or with --check say what differs; give the exit code."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if anything differs")
    if not parser.parse_args().check:
        write(texts, folder, pattern)
        return 0
    found = faults(texts, folder, pattern)
    for fault in found:
        sys.stderr.write(f"{fault}\n")
    return 1 if found else 0


def _strays(texts: Mapping[Path, str], folder: Path, pattern: str) -> list[Path]:
    return sorted(set(folder.glob(pattern)) - set(texts))

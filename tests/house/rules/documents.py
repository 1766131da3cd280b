"""Documents: they name every command of the Makefile, and the glossary every word of the trade."""

import ast
import re
from collections.abc import Iterator

from tests.house.rule import Breach, Rule
from tests.house.rules.words import words
from tests.house.tree import Tree

GUIDES = ("README.md", "CONTRIBUTING.md", "docs/*.md")
GLOSSARY = "docs/glossary.md"
TARGET = re.compile(r"^([a-z][a-z-]*):(?!=)(.*)$")
MENTIONED = re.compile(r"`make ([a-z][^`]*)`")
TABLE = re.compile(r"^\s*CREATE TABLE (?:IF NOT EXISTS )?([a-z_]+)\s*\($", re.IGNORECASE)
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
# What English and every trade have in common needs no entry.
PLAIN = frozenset(
    "a above after already an and at away before below busy by cannot closed conflict days do does due early "
    "ended enough exceeded expired failed few first flight for forbidden force found from gone has in "
    "insufficient invalid is it key known large last late later left locked long malformed many meant media "
    "method minimum missing months needed never new no not now of off old older on once only open or order "
    "out outcome over own past person reason request reused same second small so soon starts state stated "
    "still taken than that the this times to too twice two unauthenticated unknown until up used version was "
    "with within without wrong yet your number".split()
)


def unmentioned_commands(tree: Tree) -> Iterator[Breach]:
    """Find targets of the Makefile that no guide mentions, or that do not say what they do and how long."""
    if "Makefile" not in tree:
        yield Breach("Makefile", 1, "there is none")
        return
    guides = "\n".join(source.text for source in tree.files(*GUIDES))
    for number, line in enumerate(tree["Makefile"].lines, 1):
        target = TARGET.match(line)
        if target is None:
            continue
        if f"make {target[1]}" not in guides:
            yield Breach("Makefile", number, f"no guide mentions `make {target[1]}`")
        if not re.search(r"## .*\b(s|min|second|seconds|minute|minutes|for ever|instantly)\b", target[2]):
            yield Breach("Makefile", number, f"{target[1]} does not say what it does and how long it takes")


def unmade_commands(tree: Tree) -> Iterator[Breach]:
    """Find commands that a guide mentions and the Makefile does not have."""
    lines = tree["Makefile"].lines if "Makefile" in tree else []
    made = {target[1] for line in lines if (target := TARGET.match(line))}
    for source in tree.files(*GUIDES):
        for number, line in enumerate(source.lines, 1):
            for mentioned in MENTIONED.findall(line):
                lost = [word for word in mentioned.split() if word not in made and "=" not in word]
                if lost:
                    yield Breach(source.path, number, f"there is no `make {' '.join(lost)}`")


def unexplained_words(tree: Tree) -> Iterator[Breach]:
    """Find words of table names and refusal codes that the glossary does not have."""
    glossary = set(words(tree[GLOSSARY].text)) if GLOSSARY in tree else set()
    known = glossary | PLAIN
    for path, line, name in _names(tree):
        lost = [word for word in words(name) if not known.intersection(_singulars(word))]
        if lost:
            yield Breach(path, line, f"{name}: the glossary has no {', '.join(lost)}")


def dead_links(tree: Tree) -> Iterator[Breach]:
    """Find links of documents to files that are not there."""
    paths = {source.path for source in tree.files("*")}
    folders = {path.rsplit("/", depth)[0] for path in paths for depth in range(1, path.count("/") + 1)}
    for source in tree.files("*.md"):
        for number, line in enumerate(source.lines, 1):
            for target in LINK.findall(line):
                if "://" not in target and _resolved(source.path, target) not in paths | folders:
                    yield Breach(source.path, number, f"there is no {target}")


def _singulars(word: str) -> set[str]:
    return {word, word.removesuffix("s"), word.removesuffix("es"), re.sub("ies$", "y", word)}


def _resolved(path: str, target: str) -> str:
    parts = path.split("/")[:-1]
    for part in target.rstrip("/").split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part != ".":
            parts.append(part)
    return "/".join(parts)


def _names(tree: Tree) -> Iterator[tuple[str, int, str]]:
    for source in tree.files("services/*/migrations/*", "services/*/store/*", "shared/runtime/*"):
        for number, line in enumerate(source.lines, 1):
            if found := TABLE.match(line):
                yield source.path, number, found[1]
    for source in tree.python("services", "shared"):
        for node in source.nodes(ast.ClassDef):
            for statement in node.body:
                if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "code":
                    yield source.path, statement.lineno, str(ast.literal_eval(statement.value))


RULES = (
    Rule(
        "every command of the Makefile in a guide",
        unmentioned_commands,
        (
            {},
            {"Makefile": "run: setup ## Start it (20 s)", "README.md": "type make"},
            {"Makefile": "run: setup", "README.md": "type `make run`"},
        ),
        innocent={
            "Makefile": ".PHONY: run\nX := 1\nrun: setup ## Start it (20 s)\n\tx",
            "docs/a.md": "make run",
        },
    ),
    Rule(
        "no guide to a command that is not there",
        unmade_commands,
        ({"README.md": "type `make run`"}, {"Makefile": "run: ## x", "docs/a.md": "`make contracts run`"}),
        innocent={"Makefile": "run: ## x", "docs/a.md": "`make run PYTHON=python3` and make it so"},
    ),
    Rule(
        "every word of its tables and refusals in the glossary",
        unexplained_words,
        (
            {"services/a/migrations/b.sql": "CREATE TABLE vouchers (\n", GLOSSARY: "lot"},
            {"services/a/domain/b.py": "class A:\n    code = 'stale-quote'\n", GLOSSARY: "quote"},
        ),
        innocent={"services/a/migrations/b.sql": "CREATE TABLE lots (\n", GLOSSARY: "| lot | 批次 |"},
    ),
    Rule(
        "no dead link",
        dead_links,
        ({"docs/a.md": "see [b](b.md)"}, {"docs/a.md": "[b](../b.md)", "docs/b.md": ""}),
        innocent={
            "docs/a.md": "[b](../b.md#c) [d](d/) [e](https://example.com)",
            "b.md": "",
            "docs/d/e.md": "",
        },
    ),
)

"""What is generated from the code is committed as the code says it today."""

from pathlib import Path

from infra.docs import files, generate, openapi, problems


def test_the_generated_documents_are_up_to_date() -> None:
    stale = files.faults(generate.pages(), generate.FOLDER, "[!b]*.md")
    assert not stale, "run `make docs`: " + "; ".join(stale)


def test_the_openapi_documents_are_up_to_date() -> None:
    stale = files.faults(openapi.documents(), openapi.FOLDER, "*.json")
    assert not stale, "run `make contracts`: " + "; ".join(stale)


def test_the_list_of_problems_is_up_to_date_and_loses_no_code() -> None:
    stale = files.faults(problems.problems(), problems.FILE.parent, problems.FILE.name)
    assert not stale, "run `make contracts`: " + "; ".join(stale)
    assert problems.gone('[{"code": "away"}, {"code": "busy"}]', '[{"code": "busy"}]') == ["away"]


def test_a_stale_a_missing_and_a_stray_page_are_each_named(tmp_path: Path) -> None:
    texts = {tmp_path / "routes.md": "new\n", tmp_path / "events.md": "events\n"}
    (tmp_path / "routes.md").write_text("old\n", encoding="utf-8")
    (tmp_path / "attic.md").write_text("?\n", encoding="utf-8")
    assert files.faults(texts, tmp_path, "*.md") == [
        "attic.md: nothing writes it any more",
        "events.md: not written yet",
        "routes.md: out of date",
    ]
    files.write(texts, tmp_path, "*.md")
    assert not files.faults(texts, tmp_path, "*.md")

"""What is generated from the code is committed as the code says it today."""

from infra.docs import files, generate, openapi


def test_the_generated_documents_are_up_to_date() -> None:
    stale = files.faults(generate.pages(), generate.FOLDER, "[!b]*.md")
    assert not stale, "run `make docs`: " + "; ".join(stale)


def test_the_openapi_documents_are_up_to_date() -> None:
    stale = files.faults(openapi.documents(), openapi.FOLDER, "*.json")
    assert not stale, "run `make contracts`: " + "; ".join(stale)

"""What holds for every preset for documents, beyond the tests of its samples."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from lexer_pipeline.kernels.path_tree import ITEMS
from lexer_pipeline.mapping import file
from lexer_pipeline.mapping.document_paths import paths_in, steps_of
from lexer_pipeline.mapping.recognition import recognise

from tests.golden import source_of
from tests.presets.exports import CASES, DOCUMENTS, convert, documents_in, name_of

OF_DOCUMENTS = [case for case in CASES if case.parent.name in DOCUMENTS]
# What a page includes is joined to its documents before they are known.
WHOLE = [case for case in OF_DOCUMENTS if b'"included"' not in source_of(case).read_bytes()]


@pytest.mark.parametrize("case", WHOLE, ids=name_of)
def test_documents_are_known_as_those_of_one_preset_together_and_alone_as_no_others(case: Path) -> None:
    texts = [json.dumps(one).encode() for one in documents_in(source_of(case))]

    together = recognise([path.name for path in paths_in(texts)], is_of_documents=True)
    assert together.sure is not None
    assert together.sure.name == case.parent.name
    for text in texts:
        found = recognise([path.name for path in paths_in([text])], is_of_documents=True).sure
        # Some of one kind may lack what a preset needs, and are refused.
        assert found is None or found.refuse or found.name == case.parent.name


MARK = "Zq7Secret"
WITH_SECRETS = [name for name in DOCUMENTS if file.find(name).secret]


def marked(within: Any, steps: Sequence[str | int]) -> bool:
    """Whether the secret at a path could be put there, as one that can be looked for."""
    if steps[0] == ITEMS:
        found = [marked(one, steps[1:]) for one in within] if isinstance(within, list) else []
        return any(found)
    if len(steps) > 1:
        return isinstance(within, dict) and marked(within.get(steps[0]), steps[1:])
    if not isinstance(within, dict):
        return False
    within[steps[0]] = {"it": MARK} if isinstance(within.get(steps[0]), dict) else MARK
    return True


@pytest.mark.parametrize("preset", WITH_SECRETS)
def test_a_secret_of_a_document_is_in_no_file_that_is_left_behind(preset: str, folder: Path) -> None:
    cases = [case for case in OF_DOCUMENTS if case.parent.name == preset]
    documents = [one for case in cases for one in documents_in(source_of(case))]
    found = [marked(one, steps_of(name)) for name in file.find(preset).secret for one in documents]
    Path("documents.ndjson").write_text("".join(json.dumps(one) + "\n" for one in documents), "utf-8")

    made = convert("documents.ndjson", preset)

    assert any(found)
    left = [path for path in Path("batches").rglob("*") if path.is_file()]
    assert left
    assert not [path for path in left if MARK.encode() in path.read_bytes()]
    assert MARK not in repr(made.report)

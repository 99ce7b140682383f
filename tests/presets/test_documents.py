"""What holds for every preset for documents, beyond the tests of its samples."""

import json
from pathlib import Path

import pytest
from lexer_pipeline.mapping.document_paths import paths_in
from lexer_pipeline.mapping.recognition import recognise

from tests.golden import source_of
from tests.presets.exports import CASES, DOCUMENTS, documents_in, name_of

OF_DOCUMENTS = [case for case in CASES if case.parent.name in DOCUMENTS]


@pytest.mark.parametrize("case", OF_DOCUMENTS, ids=name_of)
def test_documents_are_known_as_those_of_one_preset_together_and_alone_as_no_others(case: Path) -> None:
    texts = [json.dumps(one).encode() for one in documents_in(source_of(case))]

    together = recognise([path.name for path in paths_in(texts)], is_of_documents=True)
    assert together.sure is not None
    assert together.sure.name == case.parent.name
    for text in texts:
        found = recognise([path.name for path in paths_in([text])], is_of_documents=True).sure
        assert found is None or found.name == case.parent.name

"""Stage validate for documents: those that are written already pass, the reference decides on the rest."""

from collections import Counter

import numpy as np

from lexer_pipeline.chunks.fates import Fates
from lexer_pipeline.chunks.results import Checked, ShapedDocuments
from lexer_pipeline.validating.decided import NOTHING, Decided, Wording, unnamed
from lexer_pipeline.validating.document_signatures import DocumentSignatures
from lexer_pipeline.validating.reference import ReferenceChecker


def validate_documents(
    shaped: ShapedDocuments, reference: ReferenceChecker, signatures: DocumentSignatures, source: str,
    fates: Fates | None = None,
) -> Checked:  # fmt: skip
    """Let those pass that are written already, and the reference decide on the rest (or on their signature).

    `fates` has what was decided of those that other sources of the run have too; then none is written already.
    """
    chunk = shaped.chunk
    told = fates.of(chunk.numbers) if fates is not None else {}
    vouched = np.diff(shaped.ends, prepend=0) > 0
    decided = Decided(conversions=Counter(shaped.conversions))
    lines, conversions = decided.lines, decided.conversions
    wording = Wording(source, chunk, unnamed)
    for row in np.flatnonzero(~vouched).tolist():
        if (fate := told.get(row)) is not None:
            rejected = wording.rejected((row,), fate.problems, row)
            decided.tell(row, fate, rejected, chunk.lines.item(row))
            continue
        text = chunk.text(row)
        signature = signatures.of(text)
        problems, verdict = signatures.known(signature), NOTHING
        if not problems:
            verdict = reference.text(text)
            problems = verdict.problems
            signatures.learn(signature, problems)
        if problems:
            decided.rejected.append(wording.rejected((row,), problems, row, verdict.shown))
        else:
            lines[row] = verdict.line
            conversions.update(verdict.conversions)
            decided.warn(verdict.warnings, chunk.lines.item(row))
    records = int(vouched.sum()) + len(lines)
    rows = chunk.records + chunk.blank
    return Checked(
        shaped,
        vouched,
        lines,
        tuple(decided.rejected),
        rows,
        records,
        len(decided.folded),
        chunk.blank,
        conversions,
        decided.warnings,
        chunk.skipped,
        decided.suspicions.all(),
        tuple(decided.folded),
        groups=decided.groups,
    )

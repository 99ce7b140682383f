"""What a log says of the results of a run."""

from lexer_pipeline.cli.log import INFO, WARNING, Log
from lexer_pipeline.outbox.batch import PreparedBatch
from lexer_pipeline.outbox.entry import BatchState
from lexer_pipeline.preparing.report import Report
from lexer_pipeline.suspicions import as_json
from lexer_pipeline.system.timings import Timings

SAID = ("rows", "valid", "invalid", "continuations", "blank", "skipped", "issues", "warnings", "conversions")


def prepared(log: Log, report: Report) -> None:
    """Each source with its counts and suspicions, each batch, and each specification that did not come out as asked for."""
    for one in report.sources:
        found = one.as_json()
        about = {"path": one.path, "specification": one.specification}
        counts = {name: found[name] for name in SAID} | {"unchanged": one.unchanged}
        log.tell("source", WARNING if one.invalid else INFO, **about, **counts)
        for code, found_there in as_json(one.suspicions).items():
            log.tell("suspicion", WARNING, **about, code=code, **found_there)
    for batch in report.batches:
        _batch(log, batch)
    for verdict in report.verdicts:
        if not verdict.is_good:
            reasons = list(verdict.reasons)
            log.tell(
                "not_prepared",
                WARNING,
                specification=verdict.specification,
                state=verdict.state,
                reasons=reasons,
            )


def _batch(log: Log, batch: PreparedBatch) -> None:
    manifest = batch.manifest
    log.tell(
        "batch", INFO if manifest.state == BatchState.PREPARED else WARNING, path=str(batch.path), made=batch.made, specification=manifest.specification,
        state=manifest.state, records=manifest.records, rejected=manifest.rejected, bytes=manifest.bytes, dataset=manifest.destination,
    )  # fmt: skip


def spent(log: Log, timings: Timings) -> None:
    """What each stage cost."""
    for one in timings.spent():
        log.tell("stage", stage=one.stage, seconds=round(one.seconds, 3), bytes=one.bytes)

"""Where a delivery belongs and what it is to the ones before it: its dataset, its name, and the batch that it corrects."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from msgspec import Struct
from msgspec.structs import replace

from lexer_pipeline.errors import UsageError
from lexer_pipeline.model import SourceUse, Specification
from lexer_pipeline.outbox import deliveries, names
from lexer_pipeline.outbox.batch import folder_named, no_batch, series_of
from lexer_pipeline.outbox.datasets import check_one_id, dataset_for
from lexer_pipeline.outbox.decide import correction_dataset, newest_target
from lexer_pipeline.outbox.entry import BatchEntry, Offer
from lexer_pipeline.outbox.ledger import Ledger
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.system.stores import Folder


class Place(Struct, frozen=True):
    """Where the delivery of one specification belongs; `target` is a batch of the delivery that it corrects.

    What is new or changed there is told by what went to the service `compared`, empty where all is sent; after one that `renews` nothing
    that was sent before counts.
    """

    out: Folder
    first: str
    label: str | None
    date: str | None
    dataset: str
    target: BatchEntry | None = None
    compared: str = ""
    renews: bool = False

    def series(self, used: Sequence[SourceUse]) -> str:
        """What deliveries of the same kind have in common."""
        return f"label {self.label}" if self.label else series_of(source.path for source in used)

    def offer(
        self, specification: Specification, used: Sequence[SourceUse], state: str, content: str, parts: int,
        now: datetime,
    ) -> Offer:  # fmt: skip
        """The delivery as the outbox decides on it."""
        return Offer(
            specification.name, specification.record_type, self.first, self.date or f"{now:%Y%m%d}", self.series(used),
            self.dataset, state, content, parts, self.target, compared=self.compared, renews=int(self.renews),
        )  # fmt: skip


def check_names(options: Options) -> None:
    """UsageError where what was asked for cannot be a name, or a correction is asked to have another one."""
    if options.date is not None:
        names.check_date(options.date)
    if options.label is not None:
        names.check_label(options.label)
    if options.replaces and (options.date is not None or options.label is not None):
        raise UsageError(
            "a correction has the name and the date of the batch that it corrects",
            "Leave out --date and --label beside --replaces.",
            without=("--date", "--label"),
        )


def on_day(options: Options, now: datetime) -> Options:
    """The options with the day of the run: that of the file, where one was asked for."""
    day = now.date() if options.date is None else date.fromisoformat(names.check_date(options.date))
    return replace(options, day=options.day or day)


def places_of(
    specifications: Sequence[Specification], ledger: Ledger, options: Options, out: Folder
) -> list[Place]:
    """The place of each specification of a run; everything that can be refused is refused before a row is read."""
    check_one_id([one.record_type for one in specifications], options.datasets)
    targets = _targets(specifications, ledger, options, out)
    places = []
    for one in specifications:
        dataset, target = dataset_for(options.datasets, one.record_type), targets.get(one.name)
        if target is not None:
            with ledger.transaction() as connection:
                newest = newest_target(connection, target)
                dataset = correction_dataset(connection, newest[0], dataset)
        label = names.check_label(options.label) if options.label is not None else None
        places.append(Place(out, first_part(one, options), label, options.date, dataset, target))
    return places


def first_part(specification: Specification, options: Options) -> str:
    """The first part of a name: the specification's, and the label."""
    label = names.check_label(options.label) if options.label is not None else None
    return options.names.get(specification.name, specification.name) + (f"_{label}" if label else "")


def fix_dataset(fixed: BatchEntry, specification: Specification, ledger: Ledger, options: Options) -> str:
    """The dataset of a fix: that of the batch whose rejects it fixes, as for a correction."""
    with ledger.transaction() as connection:
        return correction_dataset(
            connection,
            fixed,
            dataset_for(options.datasets, specification.record_type),
            "the fix of its rejects",
        )


def _targets(
    specifications: Sequence[Specification], ledger: Ledger, options: Options, out: Folder
) -> dict[str, BatchEntry]:
    """The batch that is corrected, by specification."""
    if not options.replaces:
        return {}
    found: dict[str, BatchEntry] = {}
    for word in options.replaces:
        with ledger.transaction() as connection:
            one = deliveries.in_folder(connection, ledger.text_of(folder_named(word, out)))
        if one is None:
            raise no_batch(word, folder_named(word, out), f"--replaces {word}: there is no such batch")
        if one.specification in found:
            raise UsageError(
                f"--replaces names two batches of {one.specification}",
                "Name one batch for each specification.",
            )
        found[one.specification] = one
    made = {one.name for one in specifications}
    if made != set(found):
        raise UsageError(
            f"--replaces names {_list(found)}, and this run makes {_list(made)}",
            "Name one batch for each specification that the run makes (--spec says which one that is).",
        )
    return found


def _list(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))

"""Files sent side by side, but those of one series one delivery after another; what cannot go on ends them all safely."""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import groupby

from msgspec import Struct, field

from lexer_pipeline.model import Receipt
from lexer_pipeline.uploading import receipts
from lexer_pipeline.uploading.context import UploadContext
from lexer_pipeline.uploading.outgoing import OutgoingFile
from lexer_pipeline.uploading.upload import send_file

# What has ended so lets the next of its series go, as does what needs a person: the ledger itself says what it must wait for.
LETS_GO = frozenset({"sent", "in_doubt", "refused", "changed"})


class _Chain(Struct):
    """What is left of one series: its deliveries, each with its parts, and those parts that are under way."""

    deliveries: list[list[OutgoingFile]]
    under_way: dict["Future[Receipt]", OutgoingFile] = field(default_factory=dict)
    stopped_by: OutgoingFile | None = None


def send_all(files: Sequence[OutgoingFile], context: UploadContext) -> dict[int, Receipt]:
    """The receipts of all, by batch id; the first exception stops the others where it is safe, then goes on its way."""
    chains = list(_chains(files))
    found: dict[int, Receipt] = {}
    with ThreadPoolExecutor(context.wide) as pool:
        try:
            while running := [future for chain in chains for future in _begun(chain, pool, context)]:
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for chain in chains:
                    for future in done & chain.under_way.keys():
                        file = chain.under_way.pop(future)
                        receipt = found[file.batch.id] = future.result()
                        if receipt.state not in LETS_GO and receipt.needs != receipts.PERSON:
                            chain.stopped_by = file
        except BaseException:
            context.halt.set()
            pool.shutdown(cancel_futures=True)
            raise
    for chain in chains:
        for file in (file for parts in chain.deliveries for file in parts):
            found[file.batch.id] = _waits(file, chain, context)
    return found


def _chains(files: Iterable[OutgoingFile]) -> Iterator[_Chain]:
    """The files that must not go side by side, each with its deliveries in the order they were made.

    Those are the files of one series, and of one content: which of two goes must be certain before the other is asked for.
    """
    groups: list[tuple[set[tuple[str, ...]], list[OutgoingFile]]] = []
    for file in files:
        one = file.batch
        series = "" if one.hashed else one.series
        keys, together = (
            {
                (one.specification, one.dataset, series),
                (one.specification, one.dataset, one.series),
                (one.sha256, one.dataset),
            },
            [file],
        )
        for group in [group for group in groups if group[0] & keys]:
            groups.remove(group)
            keys, together = keys | group[0], group[1] + together
        groups.append((keys, together))
    for _, some in groups:
        ordered = sorted(some, key=lambda file: (file.batch.delivery, file.batch.part))
        yield _Chain([list(parts) for _, parts in groupby(ordered, key=lambda file: file.batch.delivery)])


def _begun(chain: _Chain, pool: ThreadPoolExecutor, context: UploadContext) -> list["Future[Receipt]"]:
    """What of a chain is under way, the next delivery being begun where the one before has ended."""
    if not chain.under_way and chain.deliveries and chain.stopped_by is None:
        for file in chain.deliveries.pop(0):
            chain.under_way[pool.submit(send_file, file, context)] = file
    return list(chain.under_way)


def _waits(file: OutgoingFile, chain: _Chain, context: UploadContext) -> Receipt:
    before = chain.stopped_by.folder.name if chain.stopped_by is not None else ""
    reason = f"goes after {before}, which was made before it" if before else "interrupted"
    content = file.content(context.service.name)
    return receipts.turned_down(content, "prepared", reason, needs=receipts.TIME)

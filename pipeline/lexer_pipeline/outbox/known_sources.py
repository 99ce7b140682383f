"""Of which sources batches were made: as their manifests say, and kept in the ledger, since what was sent may be removed from the disk."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import astuple

from lexer_pipeline.errors import UsageError
from lexer_pipeline.model import Json, SourceUse
from lexer_pipeline.outbox import deliveries
from lexer_pipeline.outbox.batch import read
from lexer_pipeline.outbox.connection import Connection
from lexer_pipeline.outbox.entry import BatchEntry
from lexer_pipeline.outbox.ledger import Ledger
from lexer_pipeline.system.stores import Folder

KEEP = "INSERT INTO sources VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
CONVERTED = "b.specification != ''"
NOT_KEPT = "b.specification != '' AND b.id NOT IN (SELECT batch FROM sources)"


class KnownSource(Struct, frozen=True):
    """A source by its bytes, with the name of the mapping and the label with which a batch was made of it; empty is none."""

    bytes: int
    sha256: str
    mapping: str
    label: str


def known_sources(ledger: Ledger) -> Iterator[tuple[BatchEntry, KnownSource]]:
    """Every batch with each of its sources, as far as anything says them."""
    with ledger.transaction() as connection:
        batches = deliveries.select(connection, CONVERTED)
        kept = _kept(connection)
    for one in batches:
        for source in kept.get(one.id) or _of_manifest(ledger.folder_of(one.folder)):
            yield one, source


def remember(ledger: Ledger) -> None:
    """Keep what the manifests say of the sources of batches of which it is not kept yet."""
    with ledger.transaction() as connection:
        batches = deliveries.select(connection, NOT_KEPT)
    found = [
        (one.id, *astuple(source)) for one in batches for source in _of_manifest(ledger.folder_of(one.folder))
    ]
    with ledger.transaction() as connection:
        connection.executemany(KEEP, found)


def note_sources(
    connection: Connection,
    batches: Sequence[BatchEntry],
    sources: Iterable[SourceUse],
    options: Mapping[str, Json],
) -> None:
    """Within the transaction that makes these batches: what they are made of, and how."""
    of_one = list(_of(sources, options))
    rows = [(one.id, *astuple(source)) for one in batches for source in of_one]
    connection.executemany(KEEP, rows)


def _kept(connection: Connection) -> dict[int, list[KnownSource]]:
    kept: dict[int, list[KnownSource]] = {}
    for batch, *source in connection.execute("SELECT batch, bytes, sha256, mapping, label FROM sources"):
        kept.setdefault(batch, []).append(KnownSource(*source))
    return kept


def _of_manifest(folder: Folder) -> Iterable[KnownSource]:
    try:
        manifest = read(folder).manifest
    except UsageError:
        return ()
    return _of(manifest.sources, manifest.options)


def _of(sources: Iterable[SourceUse], options: Mapping[str, Json]) -> Iterator[KnownSource]:
    mapping, label = (str(options.get(name, "")) for name in ("mapping", "label"))
    return (KnownSource(one.bytes, one.sha256, mapping, label) for one in sources)

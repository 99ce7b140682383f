"""What the records of batches are known by, and what they say: pairs of 64-bit hashes in the ledger, under a key of its own.

Each pair is an identity and a content into which the identity is mixed. Those of a batch stand in the order of their identities, in
pieces that are read without those beside them. No value of a record can be told from them without the key, nor guessed with it but by
trying.
"""

import secrets
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from lexer_pipeline.kernels.arrays import UInt64s
from lexer_pipeline.outbox.connection import Connection

PAIR = np.dtype([("identity", "<u8"), ("content", "<u8")])
Pairs = NDArray[np.void]
# So many records are in one piece, and by so many of their first bits pieces are found.
PIECE, BITS = 1 << 12, 8
KEY_BYTES = 16
ADD = "INSERT INTO record_hashes (batch, piece, low, high, data) VALUES (?, ?, ?, ?, ?)"
HASHED = "b.hashed = 1"


def key_of(connection: Connection) -> bytes:
    """Within a transaction: the key of this ledger's hashes, made where there is none."""
    row = connection.execute("SELECT secret FROM hash_key").fetchone()
    if row is not None:
        return bytes(row[0])
    key = secrets.token_bytes(KEY_BYTES)
    connection.execute("INSERT INTO hash_key (id, secret) VALUES (1, ?)", (key,))
    return key


def is_kept(connection: Connection, specification: str) -> bool:
    """Whether the hashes of any batch of this specification are here, so that those of further ones must be too."""
    query = f"SELECT 1 FROM batches AS b WHERE b.specification = ? AND {HASHED} LIMIT 1"  # noqa: S608 - this module's own words
    return connection.execute(query, (specification,)).fetchone() is not None


def put(connection: Connection, batch: int, pieces: Iterable[bytes]) -> None:
    """Keep the pairs of a batch, each identity once, which come in the order of their identities."""
    rows = (
        (batch, number, _prefix(some[0]), _prefix(some[-1]), some.tobytes())
        for number, some in enumerate(_cut(pieces))
    )
    connection.executemany(ADD, rows)
    connection.execute("UPDATE batches SET hashed = 1 WHERE id = ?", (batch,))


def _cut(pieces: Iterable[bytes]) -> Iterator[Pairs]:
    for piece in pieces:
        pairs = np.frombuffer(piece, PAIR)
        yield from (pairs[at : at + PIECE] for at in range(0, len(pairs), PIECE))


def _prefix(pair: np.void) -> int:
    return int(pair["identity"]) >> (64 - BITS)


def forget(connection: Connection, batches: Sequence[int]) -> None:
    """Remove the hashes of some batches; with the last of all the key goes too."""
    for batch in batches:
        connection.execute("DELETE FROM record_hashes WHERE batch = ?", (batch,))
        connection.execute("UPDATE batches SET hashed = 0 WHERE id = ?", (batch,))
    if connection.execute("SELECT 1 FROM record_hashes LIMIT 1").fetchone() is None:
        connection.execute("DELETE FROM hash_key")


def between(connection: Connection, batches: Sequence[int], low: int, high: int) -> dict[int, Pairs]:
    """The pairs of some batches whose identities begin with `low` to `high` (of `BITS`), by batch, in their order."""
    found: dict[int, list[bytes]] = {}
    listed = ", ".join(map(str, batches))
    query = f"""SELECT batch, data FROM record_hashes WHERE batch IN ({listed}) AND low <= ? AND high >= ?
        ORDER BY batch, piece"""  # noqa: S608 - numbers
    for batch, data in connection.execute(query, (high, low)):
        found.setdefault(batch, []).append(bytes(data))
    return {batch: _within(np.frombuffer(b"".join(some), PAIR), low, high) for batch, some in found.items()}


def _within(pairs: Pairs, low: int, high: int) -> Pairs:
    identities: UInt64s = pairs["identity"]
    bounds = np.array([low << (64 - BITS), ((high + 1) << (64 - BITS)) - 1], np.uint64)
    return pairs[
        np.searchsorted(identities, bounds[0], "left") : np.searchsorted(identities, bounds[1], "right")
    ]

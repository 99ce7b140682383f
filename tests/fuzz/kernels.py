"""Cases for the checked kernels, in a process of their own: `python -m tests.fuzz.kernels BUILD FOLDER SEED SECONDS`."""

import json
import random
import shutil
import sys
import time
from contextlib import suppress
from pathlib import Path

import lexer_pipeline.kernels

if __name__ == "__main__":
    lexer_pipeline.kernels.__path__.insert(0, sys.argv[1])  # before anything takes the usual ones

import numpy as np  # noqa: E402
from lexer_pipeline.kernels import (  # noqa: E402
    cells,
    codes,
    dispatch,
    documents,
    fingerprints,
    flatten,
    identities,
    row_writer,
)
from lexer_pipeline.kernels.arrays import UInt64s  # noqa: E402
from lexer_pipeline.kernels.dialect import Dialect  # noqa: E402
from lexer_pipeline.loading.passed_over import PassedOver  # noqa: E402
from lexer_pipeline.specs.catalog import find  # noqa: E402
from lexer_pipeline.validating.compile_documents import compile_automaton  # noqa: E402

from tests.conversions.test_kernels import ARGUMENTS, column_of, rewritten, sure  # noqa: E402
from tests.fuzz import mutate  # noqa: E402
from tests.fuzz.command import typed  # noqa: E402
from tests.fuzz.corpus import seeds  # noqa: E402
from tests.fuzz.files import choose, in_blocks  # noqa: E402
from tests.fuzz.runner import number  # noqa: E402
from tests.plain.rows import Found
from tests.prepare.at_the_edge import BITS, PAGE, PIECES, Edge, writer_of  # noqa: E402
from tests.prepare.flat_documents import Chance  # noqa: E402

HEADERS = (
    ("link.customer_id,first_name,email,employee_flag,date_of_birth", "customer_record"),
    ("purchase_id,link.email,products[].price_paid,products[].quantity", "purchase"),
)
ROWS = (
    *PIECES, b"Ann <a@example.com>", b"<a@example.com", b"mailto:a@example.com", b"MailTo:", b'"""a@example.com"""', b"'a@example.com'", b"a@example.com.",
    b"\xe2\x80\x8bA1", b"\xef\xbb\xbf", b"\xc2\xa0", b'="A1"', b"=A1", b"'A1", b"\x01" * 40, b"\x08\x0c\x1f", b"\xf0\x9f\x98\x80", b"<", b">", b"P1",
)  # fmt: skip
BESIDE = 400  # calls of single kernels for each file


class Direct:
    """Kernels called one by one, on bytes that end where no page follows."""

    def __init__(self) -> None:
        self.edge = Edge()
        self.programs = [writer_of(*one) for one in HEADERS]
        self.doubtful = PassedOver(["A", "P1", "true", "12.50", "a text"]).doubtful
        self.automatons = [
            compile_automaton(find(name).schema) for name in ("customer_record", "purchase", "product")
        ]

    def rows(self, rng: random.Random) -> None:
        """A block of rows, read and written."""
        data = b"".join(rng.choices(ROWS, k=rng.choice((8, 24, 60))))
        view = self.edge.hold(mutate.spoiled(rng, data)[:PAGE])
        final, longest, most = rng.random() < 0.5, rng.choice((3, 20, 1 << 20)), rng.choice((1, 3, 1000))
        writer, columns = rng.choice(self.programs)
        dialect = Dialect(
            rng.choice(",,,;\t"), rng.random() < 0.8, rng.random() < 0.5, rng.randrange(columns)
        )
        writer.write(view, dialect, final, longest, most, self.doubtful)
        row_writer.scan_keys(view, dialect, rng.randrange(columns), final, longest, rng.randrange(3))
        found = cells.scan_csv(view, dialect, columns, final, most, longest, self.doubtful)
        read, column = Found.of(view, columns, found), rng.randrange(columns)
        for kind in range(codes.KIND_MOBILE + 1):
            words = (b"Mira", b"A") if kind == codes.KIND_ENUM else (b"null", b"a")[: rng.randrange(3)]
            cells.check_column(read, column, kind, -1e9, 1e9, words)
        cells.mark_keys(read, column, rng.randrange(3))
        order = np.array(rng.choices(range(found.rows), k=3) if found.rows else [], np.int64)
        cells.gather(view, found.row_starts, found.row_ends, order)
        rows = np.arange(found.rows, dtype=np.int32)
        hashes = identities.hash_cells(read, column, rows, rng.random() < 0.5)
        self.keys(rng, hashes)

    def keys(self, rng: random.Random, hashes: UInt64s) -> None:
        """A set of keys that grows."""
        known = cells.KeySet(rng.choice((1, 100, 1 << 20)))
        known.add(hashes)
        if rng.random() < 0.02:
            known.add(np.arange(1, 4000, dtype=np.uint64))
        known.add(hashes)
        known.values()
        seen = identities.BloomFilter()
        seen.add(hashes)
        if rng.random() < 0.02:
            seen.add(np.arange(1, 400_000, dtype=np.uint64))
        seen.add(hashes)

    def documents(self, rng: random.Random) -> None:
        """Some documents, whole and cut."""
        text = b"".join(rng.choices(BITS, k=rng.randrange(14)))
        if rng.random() < 0.7:
            plain = rng.choice(DOCUMENTS)
            text = mutate.dumped(rng, mutate.spoiled_value(rng, plain)).encode("utf-8", "replace")
        view = self.edge.hold((mutate.spoiled(rng, text) if rng.random() < 0.7 else text)[:PAGE])
        whole = np.array([0], np.int64), np.array([len(view)], np.int64)
        automaton = rng.choice(self.automatons)
        documents.vouch_documents(automaton, view, *whole)
        documents.sketch_document(automaton, view)
        documents.split_array(view, rng.randrange(len(view) + 1), rng.random() < 0.5, rng.choice((1, 100)))
        documents.value_end(view, rng.randrange(len(view) + 1))
        documents.find_lines(view, rng.randrange(len(view) + 1))
        keys, flags = (b"email", b"first_name"), [rng.random() < 0.5 for _ in range(4)]
        identities.hash_lines(view, whole[1], keys, flags[:2], flags[2:], 1 << 63)
        identities.hash_text(view, rng.random() < 0.5)
        names = (b"sku", b"link", b"product_id")[: rng.randrange(4)]
        with suppress(ValueError, AttributeError, RecursionError):  # what is no record is no NDJSON of ours
            fingerprints.record_hashes(view, whole[1], names, rng.random() < 0.3, bytes(16))
        hashes = np.frombuffer(bytes(view[: len(view) // 8 * 8]), np.uint64)
        with suppress(ValueError):  # starts that are as many as they may be, whatever they say
            fingerprints.among(
                hashes, np.sort(hashes), np.array(rng.choices(range(-3, 9), k=rng.randrange(7)), np.int64)
            )

    def paths(self, rng: random.Random) -> None:
        """Some documents behind each other as a table, spoiled or cut or as they are."""
        chance = Chance(rng, rng.random() < 0.3)
        tree = chance.tree()
        texts = [chance.document(tree) for _ in range(rng.randint(1, 4))]
        if rng.random() < 0.3:
            texts[-1] = mutate.spoiled(rng, texts[-1])
        data = b"".join(texts)[:PAGE]
        ends = np.minimum(np.cumsum([len(one) for one in texts]), len(data))
        flatten.flatten(tree, self.edge.hold(data), np.append(0, ends[:-1]), ends)

    def conversions(self, rng: random.Random) -> None:
        """A column of texts through a chain of conversions, counted, told apart and joined."""
        name, argument = rng.choice(ARGUMENTS)
        texts = [self.text(rng, name) for _ in range(rng.randint(1, 6))]
        chain = [sure(name, argument), *(sure(*rng.choice(ARGUMENTS)) for _ in range(rng.randrange(3)))]
        rewritten(chain, texts, rng.random() < 0.5)
        data, *places = column_of(texts, rng.random() < 0.5)
        view = self.edge.hold(data) if len(data) <= PAGE else data
        for count in (dispatch.tally_money, dispatch.exact_amounts, dispatch.tally_dates, dispatch.distinct):
            count(view, *places)
        dispatch.joined(view, *(part.reshape(-1, 1) for part in places), 31)
        dispatch.written_amounts(
            np.array([rng.randrange(-(1 << 63), 1 << 63) >> rng.randrange(64) for _ in texts], np.int64)
        )

    def text(self, rng: random.Random, name: str) -> str:
        """A text, of several parts where the conversion takes such."""
        if name.startswith("join"):
            items = rng.choices(
                ("a", "", 10.5, None, True, ["b"], {"code": "c"}, {"code": 1, "x": "y"}), k=rng.randrange(4)
            )
            text = json.dumps(items, separators=rng.choice(((",", ":"), (", ", ": "))))
            return (
                mutate.spoiled(rng, text.encode(), 1).decode("utf-8", "ignore") or "0"
                if rng.random() < 0.4
                else text
            )
        several = name in ("less", "line-total")
        text = "\x1f".join(part(rng) for _ in range(rng.randint(2, 4) if several else 1))
        if rng.random() < 0.4:
            text = mutate.spoiled(rng, text.encode(), 1).decode("utf-8", "ignore")
        return text or "0"


def part(rng: random.Random) -> str:
    """An amount, or any text but the sign that parts are joined by."""
    if rng.random() < 0.4:
        return (
            rng.choice(("", "", "-", "$"))
            + str(rng.randrange(10 ** rng.randint(1, 13)))
            + rng.choice(("", ".5", ".50", ".125", ",00"))
        )
    return rng.choice(("", rng.choice(mutate.TEXTS).replace("\x1f", "")))


DOCUMENTS = [one for seed in seeds() if seed.is_json for one in mutate.documents_of(seed.data)]


def main(folder: Path, seed: int, seconds: float) -> None:
    """Every file of the corpus as it is, then case after case; a single one where there is no time."""
    if not Path(str(cells.__file__)).is_relative_to(sys.argv[1]):
        raise SystemExit("these are not the checked kernels")
    begun, direct, first = time.monotonic(), Direct(), seed
    if seconds:
        for one in seeds():
            case = fresh(folder / "case")
            shutil.copytree(one.path.parent, case / "it")
            typed(["convert", one.path.name, *one.words, "--max-invalid", "100%", "--quiet"], case / "it")
        print(f"kernels: {len(seeds())} files of the corpus in {time.monotonic() - begun:.0f} s", flush=True)
    begun = time.monotonic()
    while seed == first or time.monotonic() - begun < seconds:
        (folder / "seed").write_text(str(seed))
        case, rng = fresh(folder / "case"), number("kernels", seed)
        one = choose(rng, case)
        with in_blocks(one.block):
            typed(one.words, one.put(case, case / "it"))
        for _ in range(BESIDE):
            rng.choice((direct.rows, direct.documents, direct.paths, direct.conversions))(rng)
        seed += 1
    print(
        f"kernels: seeds {first} to {seed - 1}, {seed - first} cases in {time.monotonic() - begun:.0f} s",
        flush=True,
    )


def fresh(folder: Path) -> Path:
    """The folder, empty."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


if __name__ == "__main__":
    main(Path(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]))

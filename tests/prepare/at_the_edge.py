"""Run the kernels on bytes that end at the edge of a page behind which nothing may be read."""

import ctypes
import mmap
import random
import sys
from contextlib import suppress

import numpy as np
from lexer_pipeline.chunks.cells import Cells
from lexer_pipeline.kernels import cells, codes, documents, fingerprints, flatten, identities, row_writer
from lexer_pipeline.kernels.dialect import Dialect
from lexer_pipeline.loading.passed_over import PassedOver
from lexer_pipeline.specs.catalog import find
from lexer_pipeline.validating.compile_documents import compile_automaton
from lexer_pipeline.validating.compile_rows import compile_writer
from lexer_pipeline.validating.identities import Identities
from lexer_pipeline.validating.layout import compile_layout
from lexer_pipeline.validating.reference import ReferenceChecker

from tests.prepare.flat_documents import Chance

PAGE = mmap.PAGESIZE
PIECES = [
    b",", b'"', b"\n", b"\r\n", b"\r", b"\0", b"a@example.com", b"A", b"\xc3\xab", b"\xff", b"\\", b"true", b"1990-02-28",
    b"12.50", b'"quoted ""text"""', b"a text that is longer than sixteen bytes", b"P1,", b"",
]  # fmt: skip
BITS = [
    b"{", b"}", b"[", b"]", b":", b",", b'"', b'"link":', b'"email":', b'"a@example.com"', b"\\u00", b"\\", b"tru", b"12.5",
    b'{"link":{"customer_id":"C1"},"first_name":"Mi', b"nul", b" ", b"\n", b"\xf0\x9f", b'{"link":{"customer_id":"C1"}}',
]  # fmt: skip


class Edge:
    """Two pages of which the second may not be touched."""

    def __init__(self) -> None:
        self._pages = mmap.mmap(-1, 2 * PAGE)
        self._at = ctypes.addressof(ctypes.c_char.from_buffer(self._pages))
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.mprotect(ctypes.c_void_p(self._at + PAGE), ctypes.c_size_t(PAGE), 0):
            raise OSError(ctypes.get_errno(), "the page could not be closed")

    def hold(self, data: bytes) -> memoryview:
        begin = PAGE - len(data)
        view = memoryview(self._pages)[begin:PAGE]
        view[:] = data
        return view


def writer_of(header: str, spec: str) -> tuple[row_writer.Writer, int]:
    specification = find(spec)
    names = header.split(",")
    tree = ReferenceChecker(specification, None, False).tree
    layout = compile_layout(names, tree, specification.key, "a table", False)
    return compile_writer(specification.schema, layout, Identities(specification, layout).columns), len(names)


def main() -> None:
    chance, edge = random.Random(20), Edge()
    programs = [
        writer_of("link.customer_id,first_name,email,employee_flag,date_of_birth", "customer_record"),
        writer_of("purchase_id,link.email,products[].price_paid,products[].quantity", "purchase"),
    ]
    doubtful = PassedOver(["A", "P1", "true", "12.50", "a text"]).doubtful
    automaton = compile_automaton(find("customer_record").schema)
    for _ in range(6000):
        data = b"".join(chance.choices(PIECES, k=chance.randrange(24)))[:PAGE]
        view = edge.hold(data)
        for final in (True, False):
            for writer, columns in programs:
                dialect = Dialect(",", chance.random() < 0.8, chance.random() < 0.5, columns - 1)
                writer.write(view, dialect, final, 1 << 20, 1000, doubtful)
                found = cells.scan_csv(view, dialect, columns, final, 1000, 1 << 20, doubtful)
                read = Cells(view, columns, *found[2:5])
                for kind in range(codes.KIND_URL + 1):
                    words = (b"Mira", b"A") if kind == codes.KIND_ENUM else ()
                    cells.check_column(read, 0, kind, -1e9, 1e9, words)
                for is_address in (False, True):
                    row_writer.scan_keys(view, dialect, 0, final, 1 << 20, is_address)
        text = b"".join(chance.choices(BITS, k=chance.randrange(14)))[:PAGE]
        view = edge.hold(text)
        whole = np.array([0], np.int64), np.array([len(text)], np.int64)
        documents.vouch_documents(automaton, view, *whole)
        documents.split_array(view, 0, False, 100)
        identities.hash_lines(
            view, whole[1], (b"email", b"first_name"), (True, False), (False, True), 1 << 63
        )
        with suppress(ValueError, AttributeError, RecursionError):
            fingerprints.record_hashes(view, whole[1], (b"link", b"sku"), chance.random() < 0.3, bytes(16))
        tried = Chance(chance, chance.random() < 0.5)
        tree = tried.tree()
        for one in (text, tried.document(tree)[: chance.choice((30, PAGE))]):
            flatten.flatten(tree, edge.hold(one), whole[0], np.array([len(one)], np.int64))
    sys.stdout.write("came back\n")


if __name__ == "__main__":
    main()

"""The compiled checksums are those of hashlib."""

import hashlib
import subprocess
import sys
from collections.abc import Sequence
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lexer_pipeline.kernels import digests
from lexer_pipeline.system import hashing as digest

BOTH = sorted({digests.Checksums, digests.HashlibChecksums}, key=lambda kind: kind.__name__)
LENGTHS = st.one_of(
    st.integers(0, 300), st.sampled_from([55, 56, 63, 64, 65, 119, 120, 127, 128, 4096, 65537])
)


def of_hashlib(data: bytes) -> tuple[str, str]:
    return hashlib.md5(data).hexdigest(), hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("kind", BOTH)
@given(lengths=st.lists(LENGTHS, max_size=8), seed=st.binary(min_size=1, max_size=40))
def test_pieces_of_any_length_have_the_checksums_of_the_whole(
    kind: type, lengths: Sequence[int], seed: bytes
) -> None:
    sums, whole = kind(), b""
    for length in lengths:
        piece = (seed * (length // len(seed) + 1))[:length]
        sums.update(memoryview(piece))
        whole += piece

        assert (sums.md5(), sums.sha256()) == of_hashlib(whole)


@pytest.mark.parametrize("kind", BOTH)
def test_every_length_up_to_four_blocks_is_padded_as_it_should_be(kind: type) -> None:
    data = bytes(range(256))
    for length in range(257):
        sums = kind()
        sums.update(data[:length])

        assert (sums.md5(), sums.sha256()) == of_hashlib(data[:length])


@pytest.mark.parametrize(
    "kinds", [(digests.Checksums, digests.Sha256), (digests.HashlibChecksums, hashlib.sha256)]
)
@given(pairs=st.lists(st.tuples(LENGTHS, LENGTHS), max_size=6))
def test_what_is_hashed_beside_has_its_own_checksum(
    kinds: tuple[type, type], pairs: Sequence[tuple[int, int]]
) -> None:
    sums, beside, whole, other = kinds[0](), kinds[1](), b"", b""
    for length, second in pairs:
        piece, block = b"wr" * length, b"read" * second
        sums.update(piece, beside, block)
        whole, other = whole + piece, other + block

        assert (sums.md5(), sums.sha256()) == of_hashlib(whole)
        assert beside.hexdigest() == of_hashlib(other)[1]


def test_every_block_that_is_read_is_hashed_in_its_turn_beside_what_is_written_or_alone() -> None:
    hashing, sums = digest.Hashing(), digests.Checksums()
    first, second, read, written = digests.Sha256(), digests.Sha256(), [b"", b""], b""
    for number in range(200):
        block = b"%d" % number * number
        hashing.read((first, second)[number % 2], block)
        read[number % 2] += block
        if number % 3 == 0:
            hashing.submit(partial(hashing.update, sums), block)
            written += block
    hashing.settle()
    hashing.close()

    assert [first.hexdigest(), second.hexdigest()] == [of_hashlib(data)[1] for data in read]
    assert (sums.md5(), sums.sha256()) == of_hashlib(written)


def test_more_bytes_than_fit_a_length_of_32_bits_are_counted() -> None:
    block, sums, plain = b"\xc3\xab" * (1 << 19), digests.Checksums(), digests.HashlibChecksums()
    for _ in range(513):
        sums.update(block)
        plain.update(block)

    assert (sums.md5(), sums.sha256()) == (plain.md5(), plain.sha256())


def test_without_the_kernel_hashlib_makes_them() -> None:
    program = "import sys; sys.modules['lexer_pipeline.kernels.checksums'] = None\nfrom lexer_pipeline.kernels import digests; print(digests.Checksums)"

    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert "HashlibChecksums" in found.stdout

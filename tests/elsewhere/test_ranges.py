"""Whatever is read of an object in whatever order, its bytes are the same."""

import io
import threading

from hypothesis import given
from hypothesis import strategies as st
from lexer_pipeline.loading import ranges
from lexer_pipeline.loading.ranges import AHEAD, LARGE, SMALL, Ranged

SIZES = st.one_of(
    st.integers(0, 300), st.integers(SMALL - 2, SMALL + 2), st.integers(0, 3 * LARGE), st.just(-1)
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("read"), SIZES),
        st.tuples(st.just("seek"), st.integers(0, 5 * LARGE)),
        st.tuples(st.just("from the end"), st.integers(0, 3 * SMALL)),
    ),
    max_size=12,
)
PATTERN = bytes(range(256)) * (5 * LARGE // 256 + 1)


@given(st.one_of(st.integers(0, 2 * SMALL), st.integers(0, 5 * LARGE)), STEPS)
def test_any_reads_give_what_a_file_gives(size: int, steps: list[tuple[str, int]]) -> None:
    # No two places that are near to each other look alike.
    data = PATTERN[3 : 3 + size]
    file = io.BytesIO(data)
    with Ranged(lambda begin, length: data[begin : begin + length], size, data[:SMALL]) as found:
        for what, number in steps:
            if what == "read":
                expected = file.read(number)
                got = found.read(number)
                while 0 < len(got) < len(expected):  # a raw stream may give less at a time
                    got += found.read(number - len(got))
                assert got == expected
            elif what == "seek":
                assert found.seek(number) == file.seek(number)
            else:
                assert found.seek(-number, io.SEEK_END) == file.seek(max(-number, -size), io.SEEK_END)
            assert found.tell() == file.tell()


def test_no_more_is_fetched_ahead_than_was_said() -> None:
    size, asked, lock = 40 * LARGE, list[int](), threading.Lock()

    def fetch(begin: int, length: int) -> bytes:
        with lock:
            asked.append(begin)
        return bytes(length)

    with Ranged(fetch, size, bytes(SMALL)) as found:
        read = 0
        while data := found.read(LARGE):
            read += len(data)
            with lock:
                assert max(asked, default=0) <= read + (AHEAD + 1) * LARGE
    assert read == size
    assert len(asked) == len(set(asked))


def test_little_is_fetched_for_a_look_at_the_end() -> None:
    asked: list[tuple[int, int]] = []

    def fetch(begin: int, length: int) -> bytes:
        asked.append((begin, length))
        return bytes(length)

    with Ranged(fetch, 100 * LARGE, bytes(SMALL)) as found:
        found.seek(-22, io.SEEK_END)
        found.read(22)
        found.seek(-4000, io.SEEK_END)
        found.read(4000)
    assert asked == [(100 * LARGE - SMALL, SMALL)]
    assert ranges.SMALL == SMALL

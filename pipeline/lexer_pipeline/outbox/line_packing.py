"""Lines of many records in few bytes: differences of which most are small, the bytes of one weight side by side, deflated."""

import struct
import zlib

import numpy as np

from lexer_pipeline.kernels.arrays import Int64s

# How many bytes a number has, how many are told, how many there are, and how many bytes they take.
PACKED = struct.Struct("<BIII")
# A block never has more rows; what says so was damaged.
MOST_ROWS = 1 << 24


class BrokenTraceError(Exception):
    """The file is cut, was changed, or is of a version to come."""


def of_records(sizes: Int64s, lines: Int64s) -> bytes:
    """How many rows each record has, and their lines: of its first row as seen from that of the record before, of others from the row before."""
    if len(sizes) == len(lines):
        return packed(sizes - 1) + packed(steps(lines)) + packed(lines[:0])
    begins = np.cumsum(sizes) - sizes
    others = np.ones(len(lines), np.bool_)
    others[begins] = False
    return packed(sizes - 1) + packed(steps(lines[begins])) + packed(steps(lines)[others])


def rows_of(data: bytes) -> tuple[Int64s, Int64s]:
    """The sizes and lines again, as `of_records` was given them; BrokenTraceError where the bytes are none of its."""
    sizes, data = unpacked(data)
    firsts, data = unpacked(data)
    sizes += 1
    begins = np.cumsum(sizes) - sizes
    others = np.ones(int(sizes.sum()), np.bool_)
    others[begins] = False
    moves = np.zeros(len(others), np.int64)
    moves[others] = unpacked(data)[0]
    way = np.cumsum(moves)
    return sizes, way + np.repeat(np.cumsum(firsts) - way[begins], sizes)


def steps(numbers: Int64s) -> Int64s:
    """Each number as seen from the one before; the first from zero."""
    return np.diff(numbers, prepend=np.int64(0))


def packed(numbers: Int64s) -> bytes:
    """Whole numbers of which most are small: the bytes of one weight side by side, deflated; of numbers that are all one, that one."""
    count = len(numbers)
    if count and (numbers == numbers[0]).all():
        numbers = numbers[:1]
    signless = ((numbers << 1) ^ (numbers >> 63)).view(np.uint64)
    wide = max(1, (int(signless.max(initial=0)).bit_length() + 7) // 8)
    planes = signless.astype("<u8", copy=False).view(np.uint8).reshape(-1, 8)[:, :wide].T.tobytes()
    deflating = zlib.compressobj(1, zlib.DEFLATED, 15, 9, zlib.Z_RLE)
    data = deflating.compress(planes) + deflating.flush()
    return PACKED.pack(wide, len(numbers), count, len(data)) + data


def unpacked(data: bytes) -> tuple[Int64s, bytes]:
    """Numbers that were packed, and what stands behind them."""
    wide, told, count, size = PACKED.unpack_from(data)
    if count > MOST_ROWS or told not in (1, count):
        raise BrokenTraceError
    begin = PACKED.size
    planes = zlib.decompressobj().decompress(data[begin : begin + size], wide * told + 1)
    signless = np.zeros((told, 8), np.uint8)
    signless[:, :wide] = np.frombuffer(planes, np.uint8).reshape(wide, told).T
    numbers = signless.view("<u8").ravel().astype(np.uint64)
    one = np.uint64(1)
    found = (numbers >> one).view(np.int64) ^ -(numbers & one).view(np.int64)
    return found if told == count else np.repeat(found, count), data[begin + size :]

"""The steps that write one record of a layout, as the kernel that encodes cells follows them."""

import json

import numpy as np
from msgspec import Struct

from lexer_pipeline.kernels import codes
from lexer_pipeline.kernels.arrays import Int32s
from lexer_pipeline.specs.paths import EACH, Part
from lexer_pipeline.validating.branches import Branch, Leaf, children, is_list


class Program(Struct, frozen=True):
    """The steps that write one record, for `cells.encode`."""

    operations: Int32s
    arguments: Int32s
    keys: list[bytes]


def json_key(part: Part) -> bytes:
    """A name as it stands before its value in JSON; the items of a list have none."""
    return b"" if isinstance(part, int) else json.dumps(part, ensure_ascii=False).encode() + b":"


def program_of(branch: Branch) -> Program:
    """The steps that write a record."""
    steps: list[tuple[int, int, bytes]] = []

    def add(part: Part, below: Branch | Leaf) -> None:
        key = json_key(part)
        if isinstance(below, Leaf):
            steps.append((codes.RAW_LEAF if below.is_raw else codes.TEXT_LEAF, below.column, key))
            return
        steps.append((codes.OPEN_ARRAY if is_list(below) else codes.OPEN_OBJECT, 0, key))
        begin = len(steps)
        if EACH in below:
            steps.append((codes.REPEAT, 0, b""))
        for inner, deeper in children(below):
            add(inner, deeper)
        if EACH in below:
            steps.append((codes.REPEAT_END, begin, b""))
        steps.append((codes.CLOSE_ARRAY if is_list(below) else codes.CLOSE_OBJECT, 0, b""))

    for part, below in children(branch):
        add(part, below)
    operations, arguments, keys = zip(*steps, strict=True)
    return Program(np.array(operations, np.int32), np.array(arguments, np.int32), list(keys))

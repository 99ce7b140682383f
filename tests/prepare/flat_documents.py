"""Random paths, and documents that lie along them: what `flatten` is tried on."""

import json
import random
from collections.abc import Sequence
from typing import Any

from lexer_pipeline.kernels.path_tree import ITEMS, PathNode, PathTree

KEYS = ("id", "sku", "name", "email", "total", "total_price", "a key that is longer than sixteen bytes", "a key that is longer than sixteen byte5",
        "prénom", "", "a.b", "line_items", 'a"quote', "x" * 300)  # fmt: skip
NUMBERS = ("0", "-0", "7210448301122", "10.50", "1e5", "-1.5E-7", "0.0", "12345678901234567", "1E+2", "9" * 40)  # fmt: skip
TEXTS = ("", "Ann", "ann@example.com", "Renée", "日本語のテキスト", "😀", "a text that is longer than sixteen bytes", "a/b", 'a "b"', "back\\slash",
         "two\nlines", "\t\r\b\f\x01\x7f", "[]", "null", " ")  # fmt: skip
WRONG = ('{"a":}', "[1,]", "01", "1.", "tru", "NaN", "-Infinity", '"\t"', '"\\x"', "'a'", "-", "1e", "{1:2}", "[1 2]",
         '{"a" 1}', '{"a":1 "b":2}', '{"a":1,}', "[", "}", '"\\u12g4"', "+1", ".5", '"', "nul", "9" * 5000, "[" * 70 + "]" * 70)  # fmt: skip
HALVES = ('"\\ud800"', '"\\ud83d\\u0041"', '"\\udc00\\ud800"')


class Chance:
    """Draws paths and documents; `clean` draws only what is common in the exports of APIs."""

    def __init__(self, rng: random.Random, clean: bool) -> None:
        self.rng = rng
        self.clean = clean

    def tree(self) -> PathTree:
        """Up to a dozen columns, along up to two lists of rows and beside them."""
        rows: list[str | int] = []
        for _ in range(self.rng.choice((0, 1, 1, 2, 2))):
            rows += [*self.keys(self.rng.randint(1, 2)), ITEMS]
        paths = [
            (*rows[: self.rng.randint(0, len(rows))], *self.keys(self.rng.choice((0, 1, 1, 2, 3))))
            for _ in range(self.rng.randint(0, 12))
        ]
        paths = [path for path in dict.fromkeys(paths) if path]
        return PathTree(paths, rows, self.rng.randint(0, rows.count(ITEMS)))

    def keys(self, count: int) -> list[str]:
        usual = self.clean or self.rng.random() < 0.95
        return [self.rng.choice(KEYS[:12] if usual else KEYS) for _ in range(count)]

    def document(self, tree: PathTree) -> bytes:
        """A document for a tree; unless it is to be clean, it may have what is rare, and two in five have a byte changed."""
        text = self.space() + self.along(tree, tree.nodes[0]) + self.space()
        data = text.encode("utf-8", "surrogatepass")
        if self.clean or not data or self.rng.random() < 0.6:
            return data
        at = self.rng.randrange(len(data))
        sign = bytes([self.rng.choice((*range(256), *b'{}[]:,"\\'))])
        return data[:at] + sign + data[at + self.rng.randrange(2) :]

    def along(self, tree: PathTree, node: PathNode) -> str:
        """A value where a node stands: as the paths have it, or another."""
        if node.items >= 0 and (self.clean or self.rng.random() < 0.9):
            item = tree.nodes[node.items]
            items = [
                "null" if self.rng.random() < 0.1 else self.item(tree, item)
                for _ in range(self.rng.randrange(4))
            ]
            return self.joined("[", items, "]") if self.rng.random() < 0.9 else "null"
        is_root = node is tree.nodes[0] and (self.clean or self.rng.random() < 0.97)
        if is_root or (node.keys and self.rng.random() < 0.8):
            keys = [key for key in node.keys if self.rng.random() < 0.8]
            keys += self.keys(self.rng.randrange(3))
            self.rng.shuffle(keys)
            keys = keys if not self.clean and self.rng.random() < 0.05 else list(dict.fromkeys(keys))
            return self.object([(key, self.below(tree, node, key)) for key in keys])
        return self.any(9 if node.keys and (self.clean or self.rng.random() < 0.8) else 0)

    def item(self, tree: PathTree, node: PathNode) -> str:
        text = self.along(tree, node)
        return "7" if self.clean and text.startswith("[") else text

    def below(self, tree: PathTree, node: PathNode, key: str) -> str:
        return self.along(tree, tree.nodes[node.keys[key]]) if key in node.keys else self.any(0)

    def any(self, depth: int) -> str:
        """Any value."""
        kind = self.rng.randrange(8 if depth > 4 else 12)
        if kind < 4:
            return self.string(self.rng.choice(TEXTS))
        if kind < 6:
            return self.rng.choice(NUMBERS)
        if kind < 8:
            return self.rng.choice(("null", "true", "false"))
        if kind == 8 and not self.clean and self.rng.random() < 0.1:
            return self.rng.choice(WRONG + HALVES)
        below = [self.any(depth + 1) for _ in range(self.rng.randrange(4))]
        if kind < 10:
            return self.joined("[", below, "]")
        return self.object(list(zip(self.keys(len(below)), below, strict=True)))

    def object(self, members: Sequence[tuple[str, str]]) -> str:
        written = [self.key(key) + self.space() + ":" + self.space() + value for key, value in members]
        return self.joined("{", written, "}")

    def key(self, key: str) -> str:
        as_usual = self.clean or self.rng.random() < 0.98
        return json.dumps(key, ensure_ascii=False) if as_usual else self.string(key)

    def string(self, text: str) -> str:
        """A string, each sign of it as it stands or behind a backslash."""
        plain = json.dumps(text, ensure_ascii=False)
        if self.rng.random() < 0.7:
            return plain.replace("/", "\\/") if self.rng.random() < 0.3 else plain
        return '"' + "".join(self.sign(sign) for sign in text) + '"'

    def sign(self, sign: str) -> str:
        ways: list[Any] = [json.dumps(sign)[1:-1], json.dumps(sign, ensure_ascii=False)[1:-1]]
        if ord(sign) < 0x10000:
            ways.append(f"\\u{ord(sign):04X}")
        return str(self.rng.choice(ways))

    def joined(self, left: str, parts: Sequence[str], right: str) -> str:
        return left + self.space() + (self.space() + "," + self.space()).join(parts) + self.space() + right

    def space(self) -> str:
        return self.rng.choice(("", "", "", "", " ", "\n  ", "\r\n\t"))

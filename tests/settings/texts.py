"""TOML written at random, with the lines on which its keys and values come to stand."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st
from lexer_pipeline.system.toml_lines import KeyPath

SCALARS = (
    "1", "-1_000", "1.5", "6.02e+23", "inf", "-nan", "0xff", "true", "1979-05-27T07:32:00Z", "1979-05-27 07:32:00",
    "07:32:00", "1979-05-27", '""', "''", '"a # b"', '"\\"]"', "'\\'", '"}, {"', "'[x]'", '"""\nx"""""', '"""""""',
    "'''\na = 1\n[b]\n# c'''", "''''a'''''", '"""a\\\n  "" b"""', '"key = 5"',
)  # fmt: skip
KEYS = {
    "a": "a", "b-1": "b-1", "1": "1", "column": "column", '"a.b"': "a.b", "'#'": "#", '"]"': "]", '"\\u0041"': "A",
    '""': "", "'\"'": '"', '"= 5"': "= 5", '"café"': "café",
}  # fmt: skip
GAPS = st.sampled_from(["", " ", "\t", "\n", " # ] } a = 1\n", "\n\n  ", "# '''\n"])
ENDS = st.sampled_from(["\n", " # a = 1\n", "\n\n", "\n# [a]\n"])


@dataclass
class Text:
    """A text that is being written, and where each of its keys and values first stood."""

    draw: Any
    text: str = ""
    lines: dict[KeyPath, int] = field(default_factory=dict)

    def put(self, *path: str | int) -> None:
        self.lines.setdefault(path, self.text.count("\n") + 1)

    def gap(self) -> None:
        self.text += self.draw(GAPS)

    def keys(self, most: int) -> Iterator[tuple[str, str]]:
        chosen = self.draw(st.lists(st.sampled_from(sorted(KEYS)), unique_by=KEYS.__getitem__, max_size=most))
        return ((written, KEYS[written]) for written in chosen)

    def value(self, path: KeyPath, depth: int) -> None:
        self.put(*path)
        kind = self.draw(st.sampled_from(["scalar", "list", "table"] if depth else ["scalar"]))
        if kind == "scalar":
            self.text += self.draw(st.sampled_from(SCALARS))
        elif kind == "list":
            self.items(path, depth)
        else:
            self.text += "{ "
            for number, (written, key) in enumerate(self.keys(3)):
                self.text += ", " if number else ""
                self.pair(written, key, path, depth)
            self.text += " }"

    def items(self, path: KeyPath, depth: int) -> None:
        self.text += "["
        count = self.draw(st.integers(0, 3))
        for number in range(count):
            self.gap()
            self.value((*path, number), depth - 1)
            self.gap()
            self.text += "," if number < count - 1 or self.draw(st.booleans()) else ""
        self.gap()
        self.text += "]"

    def pair(self, written: str, key: str, path: KeyPath, depth: int) -> None:
        """A key and its value; the key has a second part at times."""
        self.put(*path, key)
        self.text += written
        path = (*path, key)
        if self.draw(st.booleans()):
            further, key = self.draw(st.sampled_from(sorted(KEYS.items())))
            self.put(*path, key)
            self.text += self.draw(st.sampled_from([".", " . "])) + further
            path = (*path, key)
        self.text += self.draw(st.sampled_from(["=", " = "]))
        self.value(path, depth - 1)

    def pairs(self, path: KeyPath) -> None:
        for written, key in self.keys(3):
            self.pair(written, key, path, 3)
            self.text += self.draw(ENDS)

    def section(self, name: str, path: KeyPath, is_list: bool) -> KeyPath:
        self.put(*path)
        self.text += f"[[{name}]]" if is_list else f"[{name}]"
        if is_list:
            number = sum(known[:-1] == path and len(known) == len(path) + 1 for known in self.lines)
            path = (*path, number)
            self.put(*path)
        self.text += self.draw(ENDS)
        self.pairs(path)
        return path


@st.composite
def documents(draw: Any) -> Text:
    """A text of pairs, tables and lists of tables, with comments, quotes and blanks that mislead."""
    text = Text(draw)
    text.pairs(())
    for name in draw(st.lists(st.sampled_from(["x", '"y.z"', "'w'"]), unique=True)):
        plain = name.strip("\"'")
        is_list = draw(st.booleans())
        for _ in range(draw(st.integers(1, 3)) if is_list else 1):
            path = text.section(name, (plain,), is_list)
            for _ in range(draw(st.integers(0, 2))):
                text.section(f"{name} . rows", (*path, "rows"), is_list=True)
            if draw(st.booleans()):
                text.put(*path, "deep")
                text.section(f"{name}.deep.er", (*path, "deep", "er"), is_list=False)
    return text

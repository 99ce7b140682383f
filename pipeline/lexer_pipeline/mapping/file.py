"""A mapping file: which columns of an export become which fields, read from TOML and checked by its schema.

title = "Till receipts"
drop = ["Till", "Cashier"]              # columns left out on purpose

[[records]]
specification = "commerce_purchases"

[[records.skip]]
column = "Status"
is = ["void"]
reason = "a void receipt is no purchase"

[records.fields]
purchase_id = "Receipt"                                     # a column
action_at = { column = "When", convert = [{ date = "dd/mm/yyyy" }] }
type = { column = "Shop", convert = [{ enum = { Web = "ecommerce", "*" = "physical" } }], default = "ecommerce" }
"store.name" = { template = "{Shop} ({City})" }
"store.type" = { constant = "physical" }                    # stands where another field of the store does
"link.email" = { first = ["E-mail", "Contact"] }            # the first of several columns that is filled
"link.mobile" = { column = "Phone", convert = ["phone"], unless = "link.email" }
"products[].quantity" = "Pieces"
"products[].full_price" = { column = "Each", convert = ["money"] }
"products[].price_paid" = { fields = ["products[].quantity", "products[].full_price"], convert = ["line-total"] }
"""

import json
import re
from collections.abc import Iterator
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from lexer_pipeline.errors import UsageError
from lexer_pipeline.limits import MAPPING_FIELDS
from lexer_pipeline.mapping.rules import (
    LINE_TOTAL,
    REFUSE,
    TOTAL,
    DocumentSettings,
    FieldRule,
    Mapping,
    NameWord,
    Packing,
    Reconcile,
    RecordMap,
    Signature,
    Skip,
    Table,
    conversions_in,
)
from lexer_pipeline.specs.names import shown
from lexer_pipeline.suspicions import LEAST, SHARE
from lexer_pipeline.system import files, settings_file
from lexer_pipeline.system.settings_file import SettingsFile

# So many presets are named that begin with what was typed.
MOST_NEAR = 4
PRESETS = Path(__file__).parent / "presets"
SCHEMA = Path(__file__).with_name("mapping.schema.json")
PLACE = re.compile(r"\{([^{}]+)\}")


def presets() -> tuple[Mapping, ...]:
    """The mappings that come with the package, by name."""
    return tuple(trusted(path) for path in sorted(PRESETS.glob("*.toml")))


def find(word: str) -> Mapping:
    """The mapping that `word` means: a preset's name, with the options that are on behind a plus, or the path of a file."""
    name, *options = word.split("+")
    preset = PRESETS / f"{name}.toml"
    if re.fullmatch(r"[A-Za-z0-9_-]+", name) and preset.is_file():
        return _with_options(preset, options) if options else trusted(preset)
    path = Path(word)
    if path.is_file():
        return read(path)
    known = [path.stem for path in sorted(PRESETS.glob("*.toml"))]
    wanted = re.sub(r"[\s-]+", "_", word.casefold())
    near = [preset for preset in known if preset.startswith(wanted)][:MOST_NEAR]
    files = [str(one) for one in path.parent.glob("*.toml")] if path.suffix or not near else []
    near = get_close_matches(str(path), files, 1, 0.8) or near or get_close_matches(wanted, known, 1)
    # "shopify_order" is shopify_orders, and "shopify" may be any of them.
    is_sure = len(near) == 1 or (bool(near) and len(near[0]) - len(wanted) < 3)
    finds = "lexer-pipeline inspect SOURCE names the one that fits."
    hint = f"Did you mean {' or '.join(near)}? {finds}" if near else finds
    raise UsageError(
        f"{word}: there is no such mapping, neither a preset nor a file",
        hint,
        instead=(word, "+".join((near[0], *options)) if is_sure else ""),
    )


def read(path: Path) -> Mapping:
    """Read and check a mapping file; UsageError names the file, the line, the setting and what to write instead."""
    return _checked(path, settings_file.read(path, str(path)))


def _with_options(preset: Path, options: list[str]) -> Mapping:
    """A preset with options on, as if its file said so: a batch keeps that text, and is fixed by it."""
    text = f"options = {json.dumps(options)}\n{files.read_settings(preset, preset.stem).decode()}"
    file = settings_file.parse(text, f"the preset {preset.stem}")
    known = _known_options(file.table)
    for option in options:
        if option not in known:
            raise UsageError(f"{file.name} has no option {shown(option)}", _options_of(known))
    return _mapping(preset.with_stem("+".join((preset.stem, *options))), file)


def parse(text: str, name: str, where: str) -> Mapping:
    """Read and check the text of a mapping that was kept under a name; messages say `where`, and the line in the text."""
    return replace(_checked(Path(f"{name}.toml"), settings_file.parse(text, where)), is_kept=True)


def is_users_own(mapping: Mapping) -> bool:
    """Whether a mapping is a file of the user's: no preset, and no text that was kept."""
    return mapping.path.parent != PRESETS and not mapping.is_kept


def _checked(path: Path, file: SettingsFile) -> Mapping:
    settings_file.check(file, SCHEMA)
    mapping = _mapping(path, file)
    # The named conversions cost as much time to import as a small file without a mapping to convert.
    import_module("lexer_pipeline.mapping.checks").check(file, mapping)
    return mapping


@cache
def trusted(path: Path) -> Mapping:
    """A preset, not checked again: the tests do that, and a header is compared with all of them, those of several sources too."""
    return _mapping(path, settings_file.read(path, str(path)))


# ------------------------------------------------------------------------------------------------ what is said


def _mapping(path: Path, file: SettingsFile) -> Mapping:
    table: Table = file.table
    count = sum(len(one["fields"]) for one in table.get("records", ()))
    if count > MAPPING_FIELDS:
        raise UsageError(f"{path}: has {count} fields, more than {MAPPING_FIELDS}", "Leave some of them out.")
    shares, words = table.get("suspicions", {}), table.get("placeholders", {})
    options = _options(file, table)
    return Mapping(
        path, table.get("title", path.stem), _signature(table.get("recognise", ())), _texts(table, "drop"), _texts(table, "secret"),
        table.get("refuse", ""), table.get("columns_vary", False),
        tuple(_record(one, options) for one in table.get("records", ())), file.text,
        accept=_texts(table, "accept"), share=shares.get("share", SHARE), least=shares.get("records", LEAST),
        further_placeholders=_texts(words, "add"), meant=_texts(words, "not"), country=table.get("country", ""),
        sheet=table.get("sheet"), rest=table.get("rest", ""), changed=table.get("changed", False),
        documents=DocumentSettings(**table["documents"]) if "documents" in table else None,
        packed=tuple(_packing(column, said) for column, said in table.get("packed", {}).items()),
    )  # fmt: skip


def _options(file: SettingsFile, table: Table) -> tuple[str, ...]:
    """The options that are on; UsageError where no skip asks for one of them."""
    known, options = _known_options(table), _texts(table, "options")
    for option in options:
        if option not in known:
            raise file.fault(("options",), f"there is no option {shown(option)}", _options_of(known))
    return options


def _known_options(table: Table) -> list[str]:
    """The options that the skips of a mapping ask for."""
    skips = [skip for one in table.get("records", ()) for skip in one.get("skip", ())]
    return sorted({one["option"] for skip in skips for one in (skip, skip.get("and", {})) if "option" in one})


def _options_of(known: list[str]) -> str:
    return f"It has {', '.join(known)}." if known else "It has none."


def _signature(said: str | list[Any] | Table) -> Signature:
    table: Table = said if isinstance(said, dict) else {"required": [said] if isinstance(said, str) else said}
    required = ((one,) if isinstance(one, str) else tuple(one) for one in table.get("required", ()))
    return Signature(tuple(required), _texts(table, "excluding"))


def _packing(column: str, table: Table) -> Packing:
    usual = Packing(column)
    return Packing(
        column, _texts(table, "items") or usual.items, _texts(table, "parts") or usual.parts,
        table.get("mark", usual.mark), table.get("escape", ""), _texts(table, "names"),
    )  # fmt: skip


def _record(table: Table, options: tuple[str, ...]) -> RecordMap:
    return RecordMap(
        table["specification"], table.get("key"), table.get("differ") == "first",
        tuple(_skip(one, options) for one in table.get("skip", ()) if _is_on(one, options)),
        tuple(_field(target, said) for target, said in table["fields"].items()),
        _texts(table, "carry"), _texts(table, "together"), table.get("unlinked", REFUSE), _texts(table, "needs"),
        _texts(table, "lacks"), _reconcile(table["reconcile"]) if "reconcile" in table else None,
        table.get("each", ""), _texts(table, "identity"), table.get("repeated", ""),
    )  # fmt: skip


def _reconcile(table: Table) -> Reconcile:
    on_top, contained = (tuple(table.get(name, {}).items()) for name in ("on_top", "contained"))
    target = LINE_TOTAL if table.get("each_line") else TOTAL
    said = table.get("discount")
    discount = (said["where"], said.get("reason", "Discount")) if said is not None else None
    return Reconcile(_field(target, table["total"]), on_top, contained, _texts(table, "plus"), discount)


def _is_on(skip: Table, options: tuple[str, ...]) -> bool:
    return skip.get("option") in (None, *options)


def _skip(table: Table, options: tuple[str, ...]) -> Skip:
    words = (
        ("",) if "empty" in table else _texts(table, "is") + _texts(table, "is_not") + _texts(table, "starts")
    )
    negated = "is_not" in table or table.get("empty") is False
    columns, further = _texts(table, "columns"), table.get("and")
    return Skip(
        columns[:1] or _texts(table, "column"), tuple(word.casefold() for word in words), negated, table.get("reason", ""),
        bool(columns) or table.get("own", False), columns[1:], _skip(further, options) if further and _is_on(further, options) else None,
        table.get("contradicts", True), table.get("whole", False), table.get("optional", False), "starts" in table,
    )  # fmt: skip


def _field(target: str, said: str | Table) -> FieldRule:
    table: Table = {"column": said} if isinstance(said, str) else said
    return FieldRule(
        target, tuple(_pieces(table)), table.get("join", " ") if "columns" in table else None,
        tuple((name, argument) for _, name, argument in conversions_in(table)),
        table.get("split", ""), int(table.get("most", 20)),
        tuple(_name_word(word, said) for word, said in table.get("filename", {}).items()), "first" in table, _texts(table, "fields"),
        table.get("with", ""), _texts(table, "unless"), _constant(table.get("default", "")),
    )  # fmt: skip


def _name_word(word: str, said: str | float | Table) -> NameWord:
    if isinstance(said, str | int | float):
        return NameWord(word, _constant(said))
    return NameWord(word, "", said.get("skip", ""), said.get("elsewhere", False))


def _texts(table: Table, key: str) -> tuple[str, ...]:
    said = table.get(key, ())
    return (said,) if isinstance(said, str) else tuple(said)


def _pieces(table: Table) -> Iterator[str | tuple[str, ...]]:
    """The texts and columns of a field; a column may have several names."""
    if "constant" in table:
        yield _constant(table["constant"])
    if "column" in table:
        yield _texts(table, "column")
    yield from ((column,) for column in _texts(table, "columns") + _texts(table, "first"))
    for index, part in enumerate(PLACE.split(table.get("template", ""))):
        if index % 2:
            yield (part,)
        elif part:
            yield part


def _constant(value: str | float | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)

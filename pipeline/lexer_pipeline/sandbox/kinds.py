"""The specifications, and which of them a destination or a file name means."""

from lexer_pipeline.model import Specification
from lexer_pipeline.sandbox import names
from lexer_pipeline.sandbox.entries import Upload
from lexer_pipeline.specs import catalog


class Kinds:
    """Every specification, read once."""

    def __init__(self) -> None:
        self._by_name = {one.name: one for one in catalog.every()}
        self._by_type = {one.record_type: one for one in self._by_name.values() if one.record_type}

    @property
    def record_types(self) -> frozenset[str]:
        """The record types that a destination may name."""
        return frozenset(self._by_type)

    def named(self, filename: str) -> Specification | None:
        """The specification that a file name tells; the name of a CSV file tells none."""
        if name := names.read(filename):
            found = name.specification(self._by_name) if name.kind == "json" else None
            return self._by_name[found] if found else None
        script = names.read_script(filename, self._by_type)
        return self._by_type[script.record_type] if script else None

    def of(self, upload: Upload) -> Specification | None:
        """The specification that a file is checked against; people look at CSV files themselves."""
        if upload.filename.endswith(".csv"):
            return None
        return self._by_type.get(upload.record_type or "") or self.named(upload.filename)

    def notes(self, upload: Upload) -> tuple[str, ...]:
        """What a person should know of an upload that was taken all the same."""
        named = self.named(upload.filename)
        notes = []
        if names.read_script(upload.filename, self._by_type):
            notes.append(f"named as Lexer's own script does; its page asks for {names.FORM}")
        elif not names.read(upload.filename):
            notes.append(f"the name breaks the rules of Lexer's page, which asks for {names.FORM}")
        if named and upload.record_type and named.record_type != upload.record_type:
            said = named.record_type or named.name
            notes.append(f"the name says {said}, the destination says {upload.record_type}")
        return tuple(notes)

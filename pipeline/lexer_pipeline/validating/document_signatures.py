"""Rejected documents by their signature, as rows are by theirs (`signatures.py`): those of one sketch are judged once."""

from dataclasses import dataclass, field

import jsonschema_rs

from lexer_pipeline.kernels import dispatch
from lexer_pipeline.specs import signs, values
from lexer_pipeline.specs.names import Known
from lexer_pipeline.specs.schema_tree import Place
from lexer_pipeline.validating.document import NumberText
from lexer_pipeline.validating.reference import ReferenceChecker, unknown_field
from lexer_pipeline.validating.signatures import (
    LONGEST,
    MOST,
    Problems,
    Remembered,
    broken_rules,
    leaf_validator,
)


@dataclass(frozen=True, slots=True)
class Sketch:
    """What the reference's word on a document depends on, but for what its unknown keys are called."""

    signature: object
    unknown: tuple[tuple[str, Known], ...] = field(compare=False)


class DocumentSignatures:
    """Remembers the problems of each sketch of documents of one source.

    Documents have one sketch where the same fields are filled, the same of them are wrong in the same way, and keys that the
    schema does not have stand in the same places.
    """

    def __init__(self, automaton: "dispatch.Automaton | None", reference: ReferenceChecker) -> None:
        self._remembered = Remembered()
        self._names: dict[int, Known | None] = {}
        self._automaton = automaton if not reference.shows else None
        self._paths = automaton.paths if automaton is not None else ()
        self._reference = reference
        self._wrong: dict[tuple[int, bytes], tuple[str, ...]] = {}
        self._views: dict[int, tuple[Place, list[jsonschema_rs.Draft202012Validator]]] = {}

    def of(self, text: bytes) -> Sketch | None:
        """The sketch of a document; None where it cannot be told, and the reference is to be asked."""
        if self._automaton is None:
            return None
        found = dispatch.sketch_document(self._automaton, text)
        if found is None:
            return None
        sketch, wrong, unknown = found
        if any(end - start > LONGEST for _, start, end in wrong):
            return None
        keys = []
        for node, start, end in unknown:
            known = self._known(node)
            if known is None:
                return None
            keys.append((text[start:end].decode(), known))
        return Sketch(
            (sketch, *(self._wrongs(node, text[start:end]) for node, start, end in wrong)), tuple(keys)
        )

    def known(self, sketch: Sketch | None) -> Problems:
        """The problems of documents of this sketch; none where it is new, or cannot be told."""
        problems = self._remembered.known(sketch.signature) if sketch is not None else ()
        if sketch is None or not problems or not self._naming(sketch):
            return problems
        own, keys = list(problems), iter(sketch.unknown)
        for place, problem in enumerate(problems):
            # Behind those of its keys are those that the schema finds itself.
            if problem.code == "unknown_field" and (unknown := next(keys, None)) is not None:
                own[place] = unknown_field((*problem.path[:-1], unknown[0]), unknown[1])
        return tuple(own)

    def learn(self, sketch: Sketch | None, problems: Problems) -> None:
        """Remember what the reference said of a document of this sketch."""
        if sketch is None:
            return
        told = [problem.path[-1] for problem in problems if problem.code == "unknown_field"]
        keys = [key for key, _ in sketch.unknown]
        if not self._naming(sketch) or told[: len(keys)] == keys:
            self._remembered.learn(sketch.signature, problems)

    def _naming(self, sketch: Sketch) -> bool:
        """Whether the problems of a document name its unknown keys."""
        return self._reference.rejects_unknown and bool(sketch.unknown)

    def _known(self, node: int) -> Known | None:
        """The fields of the object of a node; None where other keys are the schema's to judge."""
        if node not in self._names:
            place = self._reference.tree.at(self._paths[node])
            self._names[node] = self._reference.names_of(place) if place is not None else None
        return self._names[node]

    def _wrongs(self, node: int, text: bytes) -> tuple[str, ...]:
        known = self._wrong.get((node, text))
        if known is None:
            known = tuple(self._broken(node, text))
            if len(self._wrong) >= MOST:
                self._wrong.clear()
            self._wrong[node, text] = known
        return known

    def _broken(self, node: int, text: bytes) -> list[str]:
        """How one value is wrong: the rules that it breaks, cleaned, in each view of its field."""
        if node not in self._views:
            place = self._reference.tree.at(self._paths[node])
            assert place is not None  # the automaton was made of the same schema
            self._views[node] = place, [leaf_validator(view) for view in place.views]
        place, validators = self._views[node]
        value: object
        if text.startswith(b'"'):
            # A text with escapes is in no sketch.
            said = text[1:-1].decode()
            done = self._reference.cleaning.text(said, place)
            if isinstance(done, values.Unconvertible):
                return [done.code, done.rule, done.message]
            if not done.text and signs.is_invisible(said):
                return ["absent"]
            value = done.text
        else:
            value = text == b"true" if text in (b"true", b"false") else NumberText(text.decode()).plain
        return broken_rules(validators, value)

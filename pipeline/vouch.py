"""The canonical form of a schema: what satisfies it satisfies the schema and needs no change at all.

Documents that are canonical go out as they came; all others go to the exact twin.
"""

from collections.abc import Mapping
from typing import Any

import jsonschema_rs

from pipeline.model import Specification
from pipeline.shapes import OPENERS, JsonSchema

# Where a subschema may count against a record, a stricter subschema could vouch for too much.
NEGATIVE = ("not", "oneOf", "if", "contains", "dependentSchemas", "propertyNames", "$dynamicRef", "unevaluatedItems")
CLEAN_TEXT = "^[!-@\\[-~]*$"
PLAIN_DATE_TIME = (
    "^[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,9})?"
    "(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$"
)
PLAIN_DATE = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
SCALAR = {"type": ["string", "number", "boolean"]}


def canonical_validator(specification: Specification) -> Any:
    """A validator of canonical documents, or None where the schema says things that cannot be made stricter."""
    if _refers_in_negative(specification.schema, False):
        return None
    schema = _stricter(specification.schema)
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True)


def _refers_in_negative(view: Any, negative: bool) -> bool:
    if isinstance(view, list):
        return any(_refers_in_negative(part, negative) for part in view)
    if not isinstance(view, Mapping):
        return False
    if negative and ("$ref" in view or "$dynamicRef" in view):
        return True
    return any(_refers_in_negative(part, negative or key in NEGATIVE) for key, part in view.items())


def _stricter(view: Any) -> Any:
    if isinstance(view, list):
        return [_stricter(part) for part in view]
    if not isinstance(view, Mapping):
        return view
    strict = {key: part if key in NEGATIVE or key in ("enum", "const", "examples") else _stricter(part)
              for key, part in view.items()}  # fmt: skip
    extra = _text_rules(view)
    if "properties" in view and isinstance(view["properties"], Mapping) and not _opens(view):
        strict["unevaluatedProperties"] = False
    elif view.get("additionalProperties") is True or (view.get("type") == "object" and "properties" not in view):
        if "additionalProperties" not in view or view["additionalProperties"] is True:
            strict["additionalProperties"] = SCALAR
    if extra:
        strict["allOf"] = [*strict.get("allOf", ()), *extra]
    return strict


def _opens(view: JsonSchema) -> bool:
    return any(opener in view for opener in OPENERS)


def _text_rules(view: JsonSchema) -> list[dict[str, Any]]:
    rules: list[dict[str, Any]] = []
    if view.get("x-normalise") in ("email", "hash"):
        rules.append({"pattern": CLEAN_TEXT})
    if view.get("format") == "date-time":
        rules.append({"pattern": PLAIN_DATE_TIME})
    if view.get("format") == "date":
        rules.append({"pattern": PLAIN_DATE})
    if "x-deprecated-values" in view:
        rules.append({"not": {"enum": list(view["x-deprecated-values"])}})
    return rules

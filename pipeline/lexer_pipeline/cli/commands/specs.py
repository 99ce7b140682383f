"""specs: the specifications; one of them with its fields."""

import argparse
import sys

from msgspec import to_builtins

from lexer_pipeline.cli import show_specs
from lexer_pipeline.cli.answers import print_json
from lexer_pipeline.cli.console import console_for
from lexer_pipeline.cli.exits import DONE
from lexer_pipeline.mapping.file import SCHEMA as MAPPING
from lexer_pipeline.model import Specification
from lexer_pipeline.specs import catalog
from lexer_pipeline.uploading.settings import SCHEMA as SETTINGS


def run(asked: argparse.Namespace) -> int:
    """Show the catalogue, one specification, or the schema of a settings file."""
    if asked.mapping_schema or asked.settings_schema:
        schema = MAPPING if asked.mapping_schema else SETTINGS
        sys.stdout.write(schema.read_text("utf-8"))
        return DONE
    found = (catalog.find(asked.spec),) if asked.spec else catalog.every()
    if asked.json:
        print_json({"specifications": [_as_json(spec) for spec in found]})
    elif asked.spec:
        show_specs.fields(console_for(asked), found[0])
    else:
        show_specs.specifications(console_for(asked), found)
    return DONE


def _as_json(spec: Specification) -> dict[str, object]:
    return {
        "name": spec.name, "record_type": spec.record_type, "area": spec.area, "title": spec.title,
        "evidence": spec.evidence, "fields": [to_builtins(field) for field in spec.fields],
    }  # fmt: skip

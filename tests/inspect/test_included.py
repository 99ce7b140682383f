"""inspect knows a page of JSON:API by what is joined to its records, as convert does."""

import json
from io import BytesIO

from lexer_pipeline.inspecting.inspect import inspect

PAGE = {
    "data": [
        {
            "type": "event",
            "id": "E1",
            "attributes": {"timestamp": 1709715600, "event_properties": {"$value": 5}, "uuid": "u", "datetime": "2024-03-06T09:00:00+00:00"},
            "relationships": {
                "profile": {"data": {"type": "profile", "id": "P1"}},
                "metric": {"data": {"type": "metric", "id": "M1"}},
            },
        }
    ],
    "included": [
        {"type": "metric", "id": "M1", "attributes": {"name": "Opened Email"}},
        {"type": "profile", "id": "P1", "attributes": {"email": "mira.holt@example.com"}},
    ],
}  # fmt: skip


def test_a_page_is_the_preset_that_its_joined_paths_tell() -> None:
    with_them = inspect("-", stdin=BytesIO(json.dumps(PAGE).encode()))
    without = inspect("-", stdin=BytesIO(json.dumps({"data": PAGE["data"]}).encode()))

    assert with_them.presets == ("klaviyo_events",)
    assert without.presets == ("klaviyo_events_bare",)

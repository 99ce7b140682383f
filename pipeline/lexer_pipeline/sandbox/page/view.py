"""What the page shows, gathered from what the sandbox remembers."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from operator import itemgetter

from lexer_pipeline.sandbox import datasets, uploads
from lexer_pipeline.sandbox.entries import Refusal, Upload
from lexer_pipeline.sandbox.page import orders, walk
from lexer_pipeline.sandbox.service import FreshToken, Service
from lexer_pipeline.sandbox.settings import Settings
from lexer_pipeline.sandbox.uploads import ShownUpload

SHOWN_UPLOADS = 200
SHOWN_REJECTS = 20
NAME_RULES = {
    "usual": "of Lexer's page or script",
    "strict": "of Lexer's page alone",
    "any": "any name",
}
# How a state looks: well, on its way or in need of someone, bad, or of no weight.
LOOKS = {
    "loaded": "good", "stored": "good", "loading": "busy", "checking": "busy", "waits for a person": "wait",
    "arriving": "busy", "permission given": "dim", "not stored": "bad",
}  # fmt: skip


def view(service: Service, fresh: FreshToken | None, notice: str) -> Mapping[str, object]:
    """All that the template needs."""
    state = service.state
    last = state.last_event()  # before all else, so that what comes meanwhile is new to the page
    shown = uploads.every(service)
    steps = walk.steps(service, shown, fresh)
    return {
        "notice": notice,
        "last": last,
        "address": service.address,
        "made": fresh.page if fresh else "",
        "fresh": fresh,
        "steps": steps,
        "done": sum(step.done for step in steps),
        "entries": entries(shown, state.refusals(SHOWN_UPLOADS)),
        "looks": LOOKS,
        "datasets": [_dataset(one) for one in datasets.datasets(state.loads(), state.uploads())],
        "most_rejects": SHOWN_REJECTS,
        "tokens": sorted(state.tokens(), key=lambda token: (token.revoked_at is not None, -token.id)),
        "settings": service.settings,
        "names": name_rules(service.settings),
        "name_rules": NAME_RULES,
        "orders": _grouped((part, key, said) for key, (part, said, _) in orders.ORDERS.items()),
        "waiting": [{**one, "words": orders.words(one)} for one in service.faults.waiting()],
    }


def entries(shown: Sequence[ShownUpload], refusals: Sequence[Refusal]) -> list[dict[str, object]]:
    """Uploads with the PUTs of theirs that were refused, and the other requests that were; newest first."""
    of_upload: dict[int, list[Refusal]] = defaultdict(list)
    rows: list[tuple[str, dict[str, object]]] = []
    for refusal in refusals:
        if refusal.upload is not None:
            of_upload[refusal.upload].append(refusal)
        else:
            rows.append((refusal.at, {"refusal": refusal, "upload": None}))
    for one in shown[-SHOWN_UPLOADS:]:
        found = of_upload[one.upload.id]
        rows.append((_time(one.upload), {"upload": one.upload, "shown": one, "refusals": found}))
    return [row for _, row in sorted(rows, key=itemgetter(0), reverse=True)[:SHOWN_UPLOADS]]


def name_rules(settings: Settings) -> str:
    """Which of the page's choices the settings are."""
    return ("strict" if settings.strict_names else "usual") if settings.name_rules else "any"


def rules_of(allow_list: str, names: str) -> dict[str, object]:
    """The settings that the page's form of rules asks for."""
    addresses = allow_list.replace(",", " ").split()
    return {"allow_list": addresses, "name_rules": names != "any", "strict_names": names == "strict"}


def _dataset(one: datasets.Dataset) -> dict[str, object]:
    records = "\n".join(json.dumps(record, ensure_ascii=False, indent=2) for record in one.preview)
    counted = one.accepted + one.rejected
    return {
        "one": one,
        "preview": records,
        "share": 100 * one.accepted / counted if counted else 0,
        "id": "".join(letter if letter.isalnum() else "-" for letter in f"{one.name}-{one.dataset is None}"),
    }


def _grouped(options: Iterable[tuple[str, str, str]]) -> list[tuple[str, list[tuple[str, str]]]]:
    return [
        (part, [(key, said) for _, key, said in rows]) for part, rows in groupby(options, key=itemgetter(0))
    ]


def _time(upload: Upload) -> str:
    return upload.stored_at or upload.granted_at

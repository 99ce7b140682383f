"""The Uploads section as data: where each upload was sent, what became of it, and what was refused on the way."""

from collections.abc import Sequence

from msgspec import Struct, to_builtins

from lexer_pipeline.model import Json
from lexer_pipeline.sandbox import names
from lexer_pipeline.sandbox.entries import WAITS, Load, Upload
from lexer_pipeline.sandbox.service import Service

GRANTED, ARRIVING, NOT_STORED, STORED = "permission given", "arriving", "not stored", "stored"


class ShownUpload(Struct, frozen=True):
    """An upload and what is known of it now; `replaced_by` is the upload whose file is used in its place.

    `records` counts its lines, and is None until they are checked, or where nothing says what they are.
    """

    upload: Upload
    state: str
    records: int | None
    accepted: int
    rejected: int
    replaced_by: int | None
    notes: tuple[str, ...]

    def as_json(self) -> dict[str, Json]:
        """The upload as `/sandbox/uploads` tells it."""
        rest = {name: getattr(self, name) for name in ("state", "records", "accepted", "rejected")}
        return {
            **to_builtins(self.upload),
            **rest,
            "replaced_by": self.replaced_by,
            "notes": list(self.notes),
        }


def every(service: Service) -> list[ShownUpload]:
    """Every upload with what became of it, oldest first."""
    uploads = service.state.uploads()
    used, loads = in_use(uploads), {load.upload: load for load in service.state.loads()}
    return [_shown(one, loads.get(one.id), used.get(one.id, one.id), service) for one in uploads]


def in_use(uploads: Sequence[Upload]) -> dict[int, int]:
    """For each file that arrived, the upload whose file is used in its place (often itself).

    Of one name, which is all before the version, the vendor uses the file with the highest version and keeps the
    others (its File Upload API page); of the same name and version, the latest upload. Names of different
    datasets are different names here, about which the vendor says nothing.
    """
    best: dict[tuple[str | None, str], tuple[str, int]] = {}
    groups: dict[int, tuple[str | None, str]] = {}
    for upload in uploads:
        if upload.stored_at:
            name = names.read(upload.filename)
            group = groups[upload.id] = (upload.dataset, name.without_version if name else upload.filename)
            rank = (name.version if name else "", upload.id)
            best[group] = max(best.get(group, rank), rank)
    return {upload: best[group][1] for upload, group in groups.items()}


def _shown(upload: Upload, load: Load | None, used: int, service: Service) -> ShownUpload:
    is_counted = load is not None and load.specification is not None
    accepted, rejected = (load.accepted, load.rejected) if load else (0, 0)
    return ShownUpload(
        upload, _state(upload, load, service), accepted + rejected if is_counted else None, accepted, rejected,
        None if used == upload.id else used, service.kinds.notes(upload),
    )  # fmt: skip


def _state(upload: Upload, load: Load | None, service: Service) -> str:
    if not upload.stored_at:
        return ARRIVING if upload.id in service.arriving else NOT_STORED if upload.puts else GRANTED
    if load:
        return load.state
    return STORED if upload.dataset else WAITS

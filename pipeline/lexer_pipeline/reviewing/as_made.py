"""How a batch was made, so that it can be made anew of the source that is still there."""

from contextlib import closing
from pathlib import Path

from msgspec.structs import replace

from lexer_pipeline.errors import PipelineError, UsageError
from lexer_pipeline.loading.byte_stream import sha256_from
from lexer_pipeline.loading.network import Network
from lexer_pipeline.loading.origins import origin_of
from lexer_pipeline.outbox.batch import MANIFEST, PreparedBatch
from lexer_pipeline.preparing import options
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.system import files
from lexer_pipeline.system.addresses import address_of


def source_of(batch: PreparedBatch, network: Network) -> str | None:
    """The source that a batch was made of, where that is one file and still what it was."""
    uses = {(one.path, one.sha256) for one in batch.manifest.sources}
    (path, sha256), *others = uses or {("", "")}
    return path if not others and path and _sha256_of(path, network) == sha256 else None


def _sha256_of(path: str, network: Network) -> str:
    """The checksum of a file, or of one elsewhere; empty where it cannot be read."""
    if address_of(path) is None:
        return files.sha256_of(Path(path)) if Path(path).is_file() else ""
    try:
        with closing(origin_of(path, None, network=network)) as origin:
            return sha256_from(origin.open())
    except PipelineError:
        return ""


def as_made(
    batch: PreparedBatch, spec: str | None, asked: Options, folder: Path
) -> tuple[str, str | None, Options]:
    """The source of a batch, and how that was made of it, with what is asked now of what is prepared; its mapping is written into `folder`.

    Raises UsageError where the source is gone.
    """
    source, manifest = source_of(batch, asked.network), batch.manifest
    if source is None:
        raise UsageError(
            f"{batch.path.name}: its source is not there any more, or not what it was",
            "Undo what was changed in rows that were accepted, or bring the source back.",
        )
    said = options.from_json(manifest.options, str(batch.path / MANIFEST))
    made = replace(
        asked, mapping=None, date_format=said.date_format, zone=said.zone, country=said.country,
        reject_unknown=said.reject_unknown, ignore_unknown=said.ignore_unknown, keep_rest=said.keep_rest,
        member=said.member, reading=said.reading, accept=tuple(dict.fromkeys((*said.accept, *asked.accept))),
        date=None, label=None,
    )  # fmt: skip
    if isinstance(manifest.mapping, str):
        files.make_folder(folder)
        path = folder / f"{said.mapping or 'mapping'}.toml"
        files.write_whole(path, manifest.mapping.encode())
        made = replace(made, mapping=str(path))
    return source, spec or manifest.specification, made

"""Jobs that run where nobody looks on, and whether anybody is told how they end."""

from collections.abc import Iterator, Mapping
from importlib.util import find_spec

from lexer_pipeline.checkup.check import Check, look, wrong
from lexer_pipeline.system.settings_file import SettingsFile
from lexer_pipeline.unattended import notify
from lexer_pipeline.unattended.jobs import jobs_in
from lexer_pipeline.uploading.settings import NOTIFY_URLS

AREA = "jobs"


def look_at(environ: Mapping[str, str], file: SettingsFile) -> Iterator[Check]:
    """The jobs of the settings, and the addresses of notifications by their schemes alone; nothing where there is neither."""
    jobs = jobs_in(file)
    if jobs:
        yield Check(AREA, "jobs", f"{', '.join(jobs)}; lexer-pipeline run --list shows their files")
    to = notify.addresses(environ)
    if not to.urls:
        if jobs or "notify" in file.table:
            remedy = f"Put an address into {NOTIFY_URLS}, as mailto:// or json://"
            yield look(AREA, "notifications", "nobody is told how a job ends", remedy)
        return
    schemes = ", ".join(notify.scheme(url) for url in to.urls)
    if find_spec("apprise") is None:
        yield wrong(
            AREA,
            "notifications",
            f"the library apprise is not installed, and {to.source} is set",
            notify.INSTALL,
        )
    elif "none" in schemes:
        yield wrong(
            AREA,
            "notifications",
            f"{to.source} holds what is no address",
            "Write addresses as mailto:// or json://, blanks between them",
        )
    else:
        yield Check(
            AREA,
            "notifications",
            f"{schemes} on {', '.join(notify.wanted(file)) or 'nothing'}, from {to.source}",
        )

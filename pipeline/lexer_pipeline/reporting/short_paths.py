"""Sources as a page calls them: it may be sent to others, whom the folders of this machine do not concern."""

import os
from collections.abc import Iterable, Mapping
from pathlib import PurePath

from lexer_pipeline.system.addresses import address_of


def shortened(paths: Iterable[str]) -> Mapping[str, str]:
    """Each path without the folders that all of them lie in."""
    each = list(dict.fromkeys(paths))
    parents = {str(PurePath(one).parent) for one in each}
    try:
        shared = os.path.commonpath(parents) if parents else ""
    except ValueError:  # some absolute, some not: they have nothing in common
        return {one: PurePath(one).name for one in each}
    return {one: str(PurePath(one).relative_to(shared)) if _is_within(one, shared) else one for one in each}


def _is_within(path: str, folder: str) -> bool:
    # As a path an address would lose a slash.
    return PurePath(path).is_relative_to(folder) and (folder != "" or address_of(path) is None)

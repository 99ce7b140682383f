"""What a draft leaves out of documents: an object that nothing is read of by its own name, in place of all that is in it."""

from collections.abc import Collection, Iterator, Mapping

from lexer_pipeline.mapping.document_paths import Steps, spelled, steps_of
from lexer_pipeline.mapping.synonyms import is_secret


def collapsed(left: Mapping[str, str], read: Collection[str], lists: Mapping[str, str]) -> dict[str, str]:
    """The paths that are left out with a word on each, several of one object as that object; `read` are those that are not."""
    kept = {inner for name in read for inner in _around(steps_of(name))}
    kept |= {inner for name in left if is_secret(name) for inner in _around(steps_of(name))}
    gone: dict[str, str] = {}
    for name, word in (*left.items(), *lists.items()):
        steps = steps_of(name)
        outer = next((one for one in _around(steps) if one not in kept), steps)
        gone.setdefault(spelled(outer), word if outer == steps else "nothing in it is read")
    return gone


def _around(steps: Steps) -> Iterator[Steps]:
    """The objects that a value lies in, the outermost first; the items of a list are none."""
    return (
        steps[:size]
        for size in range(1, len(steps))
        if isinstance(steps[size - 1], str) and isinstance(steps[size], str)
    )

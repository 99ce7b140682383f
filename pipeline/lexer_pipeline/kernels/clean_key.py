"""The key of a row as it will be sent, in plain Python: what `clean_key` of primitives.pxd does."""

import re

from lexer_pipeline.kernels.codes import KEY_ADDRESS, KEY_EXACT

# signs.INVISIBLE in UTF-8.
UNSEEN = re.compile(rb"\xc2\xad|\xe2\x80[\x8b-\x8f\xaa-\xae]|\xe2\x81\xa0|\xef\xbb\xbf")
AROUND_EXACT = re.compile(rb"\A(?:\t|\xc2\xa0)+|(?:\t|\xc2\xa0)+\Z")
AROUND = re.compile(rb"\A(?:[\x00-\x20]|\xc2\xa0)+|(?:[\x00-\x20]|\xc2\xa0)+\Z")
LONGEST_CLEANED = 320


def clean_key(kind: int, key: bytes) -> bytes:
    """A key as it will be sent: without what a clean-up takes off an id or an address; the quotes in it may be doubled."""
    if len(key) > LONGEST_CLEANED:
        return key
    around = AROUND_EXACT if kind == KEY_EXACT else AROUND
    bare = around.sub(b"", UNSEEN.sub(b"", key))
    if kind == KEY_ADDRESS:
        bare = bare.lower()
        if bare.endswith(b">") and b"<" in bare and len(bare) > 2:
            bare = bare[bare.rindex(b"<") + 1 : -1]
        bare = bare.removeprefix(b"=")
        if len(bare) > len(b"mailto:"):
            bare = bare.removeprefix(b"mailto:")
        bare = bare.strip(b"\"' \t").rstrip(b".,; ")
    else:
        if len(bare) > 3 and bare.startswith(b'="') and bare.endswith(b'"'):
            bare = bare[2:-1]
            if len(bare) > 2 and bare.startswith(b'"') and bare.endswith(b'"'):
                bare = bare[1:-1]
            bare = around.sub(b"", bare)
        bare = bare.removeprefix(b"'")
    return bare or key[-1:]

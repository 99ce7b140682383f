"""Whether a CR alone ends the rows of a text, as on old Macs, or is text in a file whose lines end in LF or CR LF."""

import re

QUOTED = re.compile(rb'(?:(?<=[,;\t|\r\n])|\A)"(?:[^"]|"")*(?:"|\Z)')
LINE_END = re.compile(rb"\r*\n|\r")


def cr_ends_rows(start: bytes) -> bool:
    """Whether the first line of a text ends in a CR alone, as most others do; what stands in quotes ends none."""
    if start.count(b"\r") == start.count(b"\r\n"):
        return not start.count(b"\n")
    # A CR at the end of what was read may go on with a LF.
    ends = LINE_END.findall(QUOTED.sub(b"", start).rstrip(b"\r"))
    crs = ends.count(b"\r")
    return not ends or (ends[0] == b"\r" and crs * 2 > len(ends))

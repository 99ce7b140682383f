"""What is wrong with a text that is no JSON, in words for whoever fixes it."""

import json
import re

# What people and programs write that JSON has not, by how what stands at the fault begins.
SIGNS = (
    ("'", "JSON has double quotes where this has single ones"),
    ("\u201c", "JSON has straight quotes where this has curly ones"),
    ("\u201d", "JSON has straight quotes where this has curly ones"),
    ("None", "JSON writes null where this has None"),
    ("True", "JSON writes true where this has True"),
    ("False", "JSON writes false where this has False"),
    ("//", "JSON has no comments; take them out"),
    ("/*", "JSON has no comments; take them out"),
)
# By how Python's words for the fault begin; those that are not here differ from one version to another, or say too little.
FAULTS = (
    ("Invalid \\", "a backslash in a text stands before a sign that it does not go with; write it twice"),
    ("Invalid control", "a text holds a line break, a tab or the like; write \\n, \\t or take it out"),
    ("Unterminated", "a text has no closing quote"),
    ("Extra data", "something stands behind its closing bracket; write one record a line"),
)


def json_fault(problem: json.JSONDecodeError) -> str:
    """What is wrong with a text that is no JSON, told from what stands at the fault, and what to do."""
    rest, before = problem.doc[problem.pos :].lstrip(), problem.doc[: problem.pos].rstrip()
    for start, words in FAULTS:
        if problem.msg.startswith(start):
            return words
    for start, words in SIGNS:
        if rest.startswith(start):
            return words
    if not rest:
        return "it ends too early; look for a missing quote or bracket"
    # Python 3.13 points at the comma.
    if (rest[0] in "}]" and before.endswith(",")) or re.match(r",\s*[}\]]", rest):
        return "a comma stands before a closing bracket; take it out"
    if rest[0].isdigit() and re.search(r"(?<![0-9.])-?0$", before):
        return "a number begins with a zero; write a code in quotes, a number without the zero"
    return "look for a missing quote, comma or bracket"

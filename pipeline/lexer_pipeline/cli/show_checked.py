"""What a person reads of a checkup."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import groupby

from rich.console import Console

from lexer_pipeline.checkup.check import Check, Verdict
from lexer_pipeline.cli.console import say

WORDS: Mapping[Verdict, str] = {
    Verdict.OK: "ok",
    Verdict.LOOK: "look at this",
    Verdict.WRONG: "wrong",
}
WIDTH = 14


def checks(console: Console, found: Sequence[Check]) -> None:
    """Each thing with its verdict and what to do, under the area that it belongs to; and a last line that sums it up."""
    for area, some in groupby(found, key=lambda one: one.area):
        say(console, area)
        for one in some:
            say(console, f"  {WORDS[one.verdict]:<{WIDTH}}{one.what}: {one.found}")
            if one.remedy:
                say(console, f"  {'':<{WIDTH}}  > {one.remedy}")
    count = Counter(one.verdict for one in found)
    wrong, look = count[Verdict.WRONG], count[Verdict.LOOK]
    what = f"{wrong:,} {'thing is' if wrong == 1 else 'things are'} wrong" if wrong else "Nothing is wrong"
    say(console, f"{what}; {look:,} to look at." if look else f"{what}.")

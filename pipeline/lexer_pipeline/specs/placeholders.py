"""Words that stand for nothing, and so for nobody: in a link or a key they would make one of people who are strangers."""

from collections.abc import Iterable

from msgspec import Struct

# Compared without the blanks around them and in any case. `NA` is none: it is Namibia, and North America.
WORDS = (
    "null", "(null)", "<null>", r"\N", "nil", "none", "(none)", "nan", "n/a", "n.a.", "n.a", "undefined", "unknown", "(unknown)",
    "not set", "(not set)", "(blank)", "-", "--", "---", "–", "—", "0", "0.0", "00000000-0000-0000-0000-000000000000",
)  # fmt: skip
# What stands before the @ of addresses that are typed where somebody has none.
MAILBOXES = (
    "test@", "noemail@", "no-email@", "no_email@", "no.email@", "nomail@", "no-mail@", "none@", "null@",
)  # fmt: skip


def folded(text: str) -> str:
    """A text as words for nothing are compared: without the blanks around it, in any case."""
    return text.strip().casefold()


class Placeholders(Struct, frozen=True):
    """The words for nothing of one source, by their folded text; one that ends in @ stands for all such addresses.

    `further` are those that a mapping adds, `meant` are texts that mean something in its export.
    """

    words: frozenset[str]
    further: tuple[str, ...] = ()
    meant: frozenset[str] = frozenset()

    @classmethod
    def of(cls, add: Iterable[str] = (), meant: Iterable[str] = ()) -> "Placeholders":
        """The words of the package and those that a mapping adds, without those that it says are meant."""
        further = tuple(map(folded, add))
        lifted = frozenset(map(folded, meant))
        known = frozenset(map(folded, (*WORDS, *MAILBOXES)))
        return cls((known | frozenset(further)) - lifted, further, lifted)

    def means(self, text: str) -> bool:
        """Whether the mapping says of a text that it is meant."""
        return bool(self.meant) and folded(text) in self.meant

    def word(self, text: str) -> str | None:
        """The word for nothing that a text is; None where it is none, or is meant."""
        plain = folded(text)
        if plain in self.words or (plain and not plain.strip("0") and plain not in self.meant):
            return plain
        mailbox, at, _ = plain.partition("@")
        if at and f"{mailbox}@" in self.words and plain not in self.meant:
            return f"{mailbox}@"
        return None


USUAL = Placeholders.of()

"""What a conversion makes of a text, and what it needs for that."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from lexer_pipeline.kernels.arrays import Bools, Int32s, UInt8s
from lexer_pipeline.specs.values import Converted, Unconvertible

CHANGES: Mapping[str, str] = MappingProxyType({
    "amount_worked_out": "an amount was worked out: one amount less others",
    "apostrophe_stripped": "the apostrophe with which a spreadsheet marks text was taken off",
    "boolean_word": "yes/no, y/n, t/f, 1/0 or TRUE/FALSE became true or false",
    "cents_read": "an amount in the smallest unit of its currency became an amount in the currency",
    "clock_dropped": "the time of day was left out, since a date was asked for",
    "currency_taken": "of an amount the code of its currency was taken, the rest left",
    "date_midnight": "a date without a time of day became the midnight at which it starts",
    "date_rewritten": "a date was written as the specification wants it",
    "digits_kept": "everything but the digits was left out",
    "email_cleaned": "an e-mail address was trimmed, lower-cased, or freed of a name and signs around it",
    "email_hashed": "an e-mail address was trimmed, lower-cased and replaced by its hash",
    "encoding_fixed": "a text that was read in the wrong encoding became what it was",
    "epoch_microseconds": "microseconds since 1970 became a date or a date-time",
    "epoch_milliseconds": "milliseconds since 1970 became a date or a date-time",
    "epoch_nanoseconds": "nanoseconds since 1970 became a date or a date-time",
    "epoch_seconds": "seconds since 1970 became a date or a date-time",
    "extension_dropped": "the extension of a phone number was left out",
    "fraction_stripped": "the .0 that a spreadsheet adds to a whole number was taken off",
    "html_unescaped": "signs as web pages write them became the signs themselves",
    "invisible_signs_removed": "signs that nobody sees were taken off an id, an address, a number or a date",
    "items_counted": "a list became the number of its items",
    "items_joined": "the items of a list became one text",
    "line_worked_out": "what a line costs was worked out: quantity times price, less the discount",
    "lower_cased": "capitals became small letters",
    "made_absent": "a text that stands for nothing became an absent field",
    "money_rewritten": "an amount became a number: no currency, no thousands separators, a decimal point",
    "part_taken": "one part of a text was taken, the rest left",
    "phone_rewritten": "a phone number became digits that start with the country code",
    "protection_removed": 'what only protects an id from spreadsheets was taken off: ="...", a tab, a no-break space',
    "placeholder_left_out": "a word for nothing stood where a person should be named, and was left out",
    "discount_worked_out": "a discount whose amount the export does not say was worked out from the total, and added as an adjustment",
    "rounding_added": "what rounding left of a total was added as an adjustment with the reason Rounding",
    "sign_dropped": "a number lost its minus sign",
    "sign_flipped": "a number changed its sign",
    "time_zone_applied": "a time without a zone got the offset of the zone that was named",
    "trimmed": "blanks around a text were taken off",
    "upper_cased": "small letters became capitals",
    "word_defaulted": "a word that a table does not list became the table's default",
    "word_translated": "a word was replaced by the one that a table gives for it",
    "year_completed": "a year of two digits got its century",
})  # fmt: skip


# The readings of a column, as a manifest names them.
Decided = tuple[str, ...]
# What it did to a text is named, by the names of CHANGES.
Conversion = Callable[[str], Converted | Unconvertible]


@dataclass(frozen=True, slots=True)
class Vectorised:
    """A conversion with a kernel, which converts the cells of a column whose outcome is certain.

    `kernel` is a TO_... of the kernels' codes; `argument` is what the kernel is told of the conversion's argument.
    """

    one: Conversion
    kernel: int
    argument: bytes = b""

    def __call__(self, text: str) -> Converted | Unconvertible:
        """What the conversion itself makes of one text."""
        return self.one(text)


class OfRow(ABC):
    """A conversion that another column of the row tells how to read a text: the country of a phone number, the currency of an amount."""

    __slots__ = ()

    @abstractmethod
    def of(self, text: str, said: str) -> Converted | Unconvertible:
        """What one text becomes in a row whose other column says this, which may be nothing."""

    def __call__(self, text: str) -> Converted | Unconvertible:
        """What one text becomes in a row that says nothing."""
        return self.of(text, "")


class NeedsColumn(ABC):
    """A conversion whose reading depends on the whole column: show it every cell, then let it decide.

    It remembers counts only, whatever the size of the column. `conversion` is its name.
    """

    conversion: str

    @abstractmethod
    def look(self, texts: Iterable[str]) -> None:
        """Take in some cells of the column, none of them empty; may be called again with more."""

    @abstractmethod
    def count(self, data: bytes, starts: Int32s, ends: Int32s, flags: UInt8s) -> Bools:
        """Take in those filled cells that are certain, and say which are left to `look`."""

    @abstractmethod
    def readings(self) -> Decided:
        """The readings that fit; UsageError with the counts where several do and what they make of the cells differs.

        There are two where all cells say the same by both, and none where no cell tells any.
        """

    @abstractmethod
    def by(self, decided: Decided) -> Conversion:
        """The conversion that reads all cells of a column for which these readings were decided; UsageError where there are none such."""

    def decide(self) -> Conversion:
        """The conversion that reads the whole column, of two readings that say the same by either; UsageError as `readings`."""
        return self.by(self.readings()[:1])


def changed(before: str, after: str, name: str) -> Converted:
    """`after`, under the name of the change if there was one."""
    return Converted(after, () if before == after else (name,))

"""What amounts tell of a source as a whole, as they stand in it: their currencies, and prices that are something else."""

from collections.abc import Iterable

from msgspec import Struct, field

from lexer_pipeline.chunks.results import Checked, ShapedRows
from lexer_pipeline.mapping.currencies import Currencies
from lexer_pipeline.suspicions import Sighting
from lexer_pipeline.validating.line_prices import LinePrices


class Noted(Struct):
    """What was noted of some rows before a mapping turned their amounts into numbers."""

    currencies: Currencies = field(default_factory=Currencies)
    prices: LinePrices = field(default_factory=LinePrices)


class MappedRows(ShapedRows, frozen=True):
    """Rows that a mapping made and that have the form of their types, with what was noted of them."""

    noted: Noted


class NotedOfAll:
    """Watches what was noted of each chunk of a source."""

    def __init__(self) -> None:
        self.noted = Noted()

    def look(self, checked: Checked) -> None:
        """Take in one more chunk."""
        shaped = checked.shaped
        assert isinstance(shaped, MappedRows)
        self._add(shaped.noted)

    def join(self, more: "NotedOfAll") -> None:
        """Take in what was seen of other records of the source."""
        self._add(more.noted)

    def _add(self, noted: Noted) -> None:
        self.noted.currencies.add(noted.currencies)
        self.noted.prices.add(noted.prices)

    def found(self) -> Iterable[Sighting]:
        """Columns of several currencies, and of prices that are something else."""
        yield from self.noted.currencies.found()
        yield from self.noted.prices.found()

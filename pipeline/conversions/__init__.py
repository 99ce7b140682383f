"""The named conversions of values as people write them."""

from pipeline.conversions.outcome import Conversion, Done, Failed, NeedsColumn

__all__ = ["Conversion", "Done", "Failed", "NeedsColumn"]

"""pandas, as people use it."""

import pandas as pd


def customers(source: str, target: str) -> None:
    """Read, write: nulls, no nesting, identifiers as floats."""
    pd.read_csv(source, low_memory=False).to_json(target, orient="records", lines=True, force_ascii=False)

"""Which dataset records go to: by record type, `*` for all types without their own."""

from collections.abc import Iterable, Mapping

from lexer_pipeline.errors import UsageError

ANY = "*"


def dataset_for(datasets: Mapping[str, str], record_type: str | None) -> str:
    """The dataset that records of this type go to; empty where none is known, or there is no type to name."""
    return "" if record_type is None else datasets.get(record_type, datasets.get(ANY, ""))


def check_one_id(record_types: Iterable[str | None], datasets: Mapping[str, str]) -> None:
    """UsageError where one dataset that was named without a type would take records of several."""
    kinds = sorted({kind for kind in record_types if kind is not None and kind not in datasets})
    if ANY in datasets and len(kinds) > 1:
        line = ",".join(
            f"{kind}={datasets[ANY] if number == 0 else 'ID'}" for number, kind in enumerate(kinds)
        )
        raise UsageError(
            f"one dataset, {datasets[ANY]}, is named for records of several types: {', '.join(kinds)}",
            f"Name one for each: --dataset {line}.",
        )

"""The vendor's way, told in our words: csv.DictReader, dotted headers grouped, one pydantic model a row.

Kinder than the original: a bad row is left out instead of ending the run, empty cells are absent
instead of empty strings, and columns of one prefix need not stand together.
"""

import csv
import json
from datetime import date
from typing import Any

from pydantic import BaseModel, Extra, ValidationError, constr, validator
from pydantic.json import pydantic_encoder

EMAIL = r"(^[a-zA-Z0-9_.+-]+@[a-zA-Z0-9-]+\.[a-zA-Z0-9-.]+$)"
Email = constr(regex=EMAIL, to_lower=True, strip_whitespace=True)


class _Link(BaseModel):
    class Config:
        extra = Extra.forbid


class EmailLink(_Link):
    email: Email  # type: ignore[valid-type]  # pydantic 1 makes this type when it runs


class EmailSha256Link(_Link):
    email_sha256: str


class EmailMd5Link(_Link):
    email_md5: str


class CustomerIdLink(_Link):
    customer_id: str
    system_name: str | None = None


class MobileLink(_Link):
    mobile: str


class ExternalLink(_Link):
    external_id: str
    system_name: str


class Customer(BaseModel):
    link: EmailLink | EmailSha256Link | EmailMd5Link | CustomerIdLink | MobileLink | ExternalLink
    email: Email | None = None  # type: ignore[valid-type]  # see EmailLink
    email_sha256: str | None = None
    mobile: str | None = None
    customer_id: str | None = None
    custom_fields: dict[str, Any] | None = None
    first_name: str | None = None
    last_name: str | None = None
    gender: str | None = None
    date_of_birth: date | None = None
    country: str | None = None
    state: str | None = None
    city: str | None = None
    postcode: str | None = None
    zip: str | None = None
    address_1: str | None = None
    address_2: str | None = None
    employee_flag: bool | None = None
    customer_type: str | None = None

    @validator("email_sha256")
    def lower(cls, value: str | None) -> str | None:
        """Hashes are compared as lower case."""
        return value and value.lower()


def customers(source: str, target: str) -> None:
    """Rows to validated, nested records, nulls and all."""
    with open(source, encoding="utf-8-sig", newline="") as rows, open(target, "w", encoding="utf-8") as lines:
        for row in csv.DictReader(rows):
            try:
                record = Customer.parse_obj(grouped(row))
            except ValidationError:
                continue
            lines.write(json.dumps(record.dict(), default=pydantic_encoder, ensure_ascii=False) + "\n")


def grouped(row: dict[str, str]) -> dict[str, Any]:
    """The cells of a row, nested by the dots of their headers."""
    nested: dict[str, Any] = {}
    for header, cell in row.items():
        if cell:
            *parents, leaf = header.split(".")
            place = nested
            for parent in parents:
                place = place.setdefault(parent, {})
            place[leaf] = cell
    return nested

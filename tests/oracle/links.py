"""The seven shapes of `link`, which alone forbid keys they do not know; the first that parses is taken."""

import re
from typing import Literal

from pydantic import BaseModel, Extra, constr, validator

_EMAIL = re.compile(r"(^[a-zA-Z0-9_.+-]+@[a-zA-Z0-9-]+\.[a-zA-Z0-9-.]+$)")


def clean_email(text: str) -> str:
    """The address in lower case without space around it; ValueError if it is none."""
    text = text.lower().strip()
    if not _EMAIL.match(text):
        raise ValueError("not an e-mail address")
    return text


LinkType = Literal["email", "email_sha256", "customer_id", "mobile", "engage.id", "external_id", "email_md5"]


class _Shape(BaseModel):
    class Config:
        extra = Extra.forbid


class EmailLink(_Shape):
    email: str

    @validator("email")
    def _email(cls, text: str) -> str:
        return clean_email(text)


class EmailSha256Link(_Shape):
    email_sha256: str

    @validator("email_sha256")
    def _hash(cls, text: str) -> str:
        return text.lower().strip()


class EmailMd5Link(_Shape):
    email_md5: str

    @validator("email_md5")
    def _hash(cls, text: str) -> str:
        return text.lower().strip()


class CustomerIdLink(_Shape):
    customer_id: str
    system_name: str | None


class MobileLink(_Shape):
    mobile: str


class ExternalLink(_Shape):
    external_id: str
    system_name: str


class CustomerLink(_Shape):
    link_type: LinkType
    link_value: constr(min_length=1)  # type: ignore[valid-type]
    id_type: str | None = "default"


Link = EmailLink | EmailSha256Link | EmailMd5Link | CustomerIdLink | MobileLink | ExternalLink | CustomerLink

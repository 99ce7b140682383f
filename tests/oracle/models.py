"""The vendor's record models, re-enacted with pydantic 1.10 from their published behaviour.

They coerce as freely as the vendor's do (`True` is a string, `"1_000"` a number): the strict half of the
oracle is rules.py, and a record is acceptable only where both agree.
"""

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, Field, HttpUrl, ValidationError, confloat, conint, root_validator, validator

from .links import Link, clean_email

IdType = Literal["sku", "upc", "product_id"]
Channel = Literal["physical", "ecommerce"]
StoreType = Literal["physical", "ecommerce", "concession", "outlet", "online"]
EmailStatus = Literal["subscribed", "unsubscribed", "transactional", "undeliverable"]
SmsStatus = Literal[
    "subscribed", "unsubscribed", "transactional", "undeliverable", "list_subscribed", "list_unsubscribed"
]


class CustomerRecord(BaseModel):
    link: Link
    email: str | None
    email_sha256: str | None
    mobile: str | None
    customer_id: str | None
    custom_fields: dict[str, Any] | None
    first_name: str | None
    last_name: str | None
    gender: str | None
    date_of_birth: date | None
    country: str | None
    state: str | None
    city: str | None
    postcode: str | None
    zip: str | None
    address_1: str | None
    address_2: str | None
    employee_flag: bool | None
    customer_type: str | None

    @validator("email")
    def _email(cls, text: str | None) -> str | None:
        return clean_email(text) if text else text

    @validator("email_sha256")
    def _hash(cls, text: str | None) -> str | None:
        return text.lower() if text else text


class ChannelAvailability(BaseModel):
    type: Channel
    available: bool
    published_at: datetime | None
    unpublished_at: datetime | None


class Availability(BaseModel):
    available: bool
    channels_availability: list[ChannelAvailability] | None


class Inventory(BaseModel):
    id: str | None
    source: str | None
    quantity: int | None
    cost: confloat(ge=0) | None  # type: ignore[valid-type]
    backorder_allowed: bool | None
    tracked: bool | None
    updated_at: datetime | None


class Product(BaseModel):
    product_id: str | None
    sku: str | None
    upc: str | None
    product_reference_type: IdType = "product_id"
    name: str | None
    description: str | None
    brand: str | None
    size: str | None
    color: str | None
    price: float | None
    options: dict[str, list[str]] | None
    url: str | None
    images: list[HttpUrl] | None
    availability: Availability | None
    inventory: Inventory | None

    @root_validator(skip_on_failure=True)
    def _carries_the_identifier_it_names(cls, values: dict[str, Any]) -> dict[str, Any]:
        if values.get(values["product_reference_type"]) is None:
            raise ValueError("the identifier that product_reference_type names is missing")
        return values


class Adjustment(BaseModel):
    price_adjustment: float
    adjusted_at: datetime | None
    reason: str | None


class Coordinate(BaseModel):
    latitude: confloat(ge=-90, lt=90)  # type: ignore[valid-type]
    longitude: confloat(ge=-180, lt=180)  # type: ignore[valid-type]


class Location(BaseModel):
    name: str | None
    coordinate: Coordinate | None


class Store(BaseModel):
    store_id: str | None
    type: StoreType
    name: str
    location: Location | None


class PaymentType(BaseModel):
    name: str
    total: float | None


class ProductReference(BaseModel):
    id: str
    id_type: IdType
    dataset_id: str | None


class PurchaseLine(BaseModel):
    product_reference: ProductReference | None
    price_paid: confloat(ge=0)  # type: ignore[valid-type]
    quantity: conint(ge=1)  # type: ignore[valid-type]
    full_price: float | None
    discount: float | None


class ReturnLine(BaseModel):
    product_reference: ProductReference | None
    price_paid: confloat(le=0)  # type: ignore[valid-type]
    quantity: conint(le=-1)  # type: ignore[valid-type]


class _Event(BaseModel):
    link: Link
    action_at: datetime


class _Transaction(_Event):
    type: Channel
    currency: str | None
    adjustments: list[Adjustment] | None
    custom_fields: dict[str, Any] | None
    store: Store | None


class Purchase(_Transaction):
    purchase_id: str
    payment_types: list[PaymentType] | None
    products: list[PurchaseLine]


class Return(_Transaction):
    return_id: str
    products: list[ReturnLine]


class MailingList(BaseModel):
    id: str
    name: str


class EmailParty(BaseModel):
    name: str | None
    email: str

    @validator("email")
    def _email(cls, text: str) -> str:
        return clean_email(text)


class SmsParty(BaseModel):
    name: str | None
    number: str | None


class ClickedLink(BaseModel):
    name: str | None
    url: str | None


class EmailBounce(_Event):
    email_id: str
    list: MailingList | None
    from_: EmailParty | None = Field(alias="from")
    to: EmailParty | None


class EmailOpen(EmailBounce):
    campaign_id: str | None


class EmailSend(EmailOpen):
    subject: str | None
    body: str | None


class EmailClick(EmailOpen):
    clicked_link: ClickedLink | None


class EmailSubscribe(_Event):
    email_id: str
    list: MailingList | None
    status: EmailStatus


class SmsClick(_Event):
    sms_id: str
    list: MailingList | None
    campaign_id: str | None
    from_: SmsParty | None = Field(alias="from")
    to: SmsParty | None


class SmsSend(SmsClick):
    body: str | None


class SmsSubscribe(_Event):
    sms_id: str
    list: MailingList | None
    status: SmsStatus


MODELS: dict[str, type[BaseModel]] = {
    "customer_record": CustomerRecord,
    "product": Product,
    "purchase": Purchase,
    "return": Return,
    "email_send": EmailSend,
    "email_open": EmailOpen,
    "email_click": EmailClick,
    "email_bounce": EmailBounce,
    "email_subscribe": EmailSubscribe,
    "sms_send": SmsSend,
    "sms_click": SmsClick,
    "sms_subscribe": SmsSubscribe,
}


def parses(record_type: str, document: object) -> bool:
    """True if the vendor's model would take the document as it is."""
    try:
        MODELS[record_type].parse_obj(document)
    # pydantic 1.10 lets float() overflow through: a huge integer in a number field ends the vendor's run.
    except (ValidationError, OverflowError):
        return False
    return isinstance(document, dict)

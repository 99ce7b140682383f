"""What can be changed while the sandbox runs."""

from collections.abc import Mapping
from ipaddress import ip_address, ip_network
from typing import Any

from msgspec import Struct
from msgspec.structs import fields, replace

from lexer_pipeline.sandbox.aws import LONGEST_SECONDS


class Settings(Struct, frozen=True):
    """The sandbox's rules; every default is the vendor's or S3's own where one is known.

    `url_seconds`: how long a url is good. `rate`: permission requests a second for one token. `retry_after`:
    whether a 429 says when to come back (the vendor documents no such header). `allow_list`: addresses or
    networks; empty means that the list is off. `stall_seconds`: when S3 gives up on a body that does not move.
    `largest`: bytes of one PUT. `clock_offset`: seconds by which the service's clock is ahead of this
    machine's. `name_rules`: whether file names must keep the vendor's rules. `strict_names`: whether then the
    names of the vendor's own script are refused too, which break the rules of its page.
    """

    url_seconds: int = 3600
    rate: int = 10
    retry_after: bool = False
    allow_list: tuple[str, ...] = ()
    stall_seconds: float = 20.0
    largest: int = 5 << 30
    clock_offset: float = 0.0
    name_rules: bool = True
    strict_names: bool = False

    def allows(self, address: str) -> bool:
        """Whether a client at this address may ask."""
        return not self.allow_list or any(
            ip_address(address) in ip_network(net, strict=False) for net in self.allow_list
        )

    def changed(self, wanted: object) -> "Settings":
        """These settings with some of them replaced; ValueError or TypeError with words if not."""
        if not isinstance(wanted, Mapping):
            raise TypeError("settings are a JSON object")
        known = {field.name: getattr(self, field.name) for field in fields(self)}
        if strange := set(wanted) - set(known):
            raise ValueError(f"there is no setting {', '.join(sorted(map(str, strange)))}")
        new: dict[str, Any] = {name: _like(name, known[name], value) for name, value in wanted.items()}
        return replace(self, **new).checked()

    def checked(self) -> "Settings":
        """These settings; ValueError if one is out of range."""
        if not 1 <= self.url_seconds <= LONGEST_SECONDS:
            raise ValueError("url_seconds is at least 1 and at most a week")
        if self.rate < 1 or self.stall_seconds <= 0 or self.largest < 1:
            raise ValueError("rate, stall_seconds and largest are above 0")
        for network in self.allow_list:
            ip_network(network, strict=False)
        return self


def _like(name: str, known: object, value: object) -> object:
    if (
        isinstance(known, tuple)
        and isinstance(value, list | tuple)
        and all(isinstance(one, str) for one in value)
    ):
        return tuple(value)
    if isinstance(known, bool) or isinstance(value, bool):
        if isinstance(known, bool) and isinstance(value, bool):
            return value
    elif isinstance(known, float) and isinstance(value, int | float):
        return float(value)
    elif isinstance(known, int) and isinstance(value, int):
        return value
    raise ValueError(f"{name} is of another type")

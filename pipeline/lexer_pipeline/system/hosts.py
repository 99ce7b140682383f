"""What the name or the address of a host says by itself."""

import ipaddress
from urllib.parse import urlsplit


def is_loopback(host: str) -> bool:
    """Whether `host` is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_local(service: str) -> bool:
    """Whether a service, by its address or by the host alone, is one of this machine: a sandbox."""
    address = service.partition(" ")[0]
    return is_loopback(urlsplit(address).hostname or address)

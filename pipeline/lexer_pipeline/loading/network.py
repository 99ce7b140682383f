"""How what lies elsewhere is reached: what the settings and the environment say of it."""

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Network:
    """Certificates and a proxy, where the settings name them; where the clouds look for credentials and addresses; and how it is waited.

    A proxy that nobody named is the environment's. `opened` are connections and file systems, kept to be used again.
    """

    ca_file: Path | None = None
    proxy: str | None = field(default=None, repr=False)  # it may hold a password
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)
    sleep: Callable[[float], None] = time.sleep
    opened: dict[object, Any] = field(default_factory=dict, compare=False, repr=False)

    def __reduce__(self) -> tuple[type["Network"], tuple[Path | None, str | None]]:
        """Another process looks into its own environment, and opens its own connections."""
        return Network, (self.ca_file, self.proxy)

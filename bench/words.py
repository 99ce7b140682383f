"""Invented people, places and shops, and the dice that pick among them."""

import unicodedata
from collections.abc import Sequence
from datetime import date, timedelta
from typing import TypeVar
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

Item = TypeVar("Item")

FIRST_NAMES = (
    "Mira", "Owen", "Zoë", "Søren", "José", "Anaïs", "Łukasz", "Tāne", "Aroha", "Nguyễn",
    "Priya", "Kofi", "Siobhán", "Renée", "Björn", "Çelik", "Márta", "Ines", "Theo", "Lars",
    "Μαρία", "小雪", "Ольга", "سارة", "Hana", "Isla", "Jack", "Noah", "Ruby", "Willow",
)  # fmt: skip
LAST_NAMES = (
    "Holt", "O'Dell", "Brontë", "Müller", "Ångström", "Nuñez", "García", "Ngata", "Kovačević", "Tran",
    "van der Berg", "Smith-Jones", "Lindqvist", "Sato", "Okafor", "D'Souza", "Hâncu", "Fields", "Marsh", "Quill",
    "Παππάς", "王", "Иванова", "الحسن", "Whitlock", "Ames", "Barrow", "Calder", "Dunmore", "Everly",
)  # fmt: skip
MAIL_HOSTS = ("example.com", "example.org", "mail.example.net", "shop.example.com.au")
PLACES = (
    ("Australia", "Victoria", "Melbourne", "3000"),
    ("Australia", "Victoria", "Saint Kilda", "3182"),
    ("Australia", "New South Wales", "Wagga Wagga", "2650"),
    ("Australia", "Northern Territory", "Darwin", "0800"),
    ("Australia", "Northern Territory", "Alice Springs", "0870"),
    ("Australia", "Australian Capital Territory", "Canberra", "0200"),
    ("Australia", "Western Australia", "Perth", "6000"),
    ("New Zealand", "Tāmaki Makaurau", "Auckland", "0610"),
    ("New Zealand", "Northland", "Whangārei", "0110"),
    ("New Zealand", "Otago", "Dunedin", "9016"),
)
STREETS = (
    "Rimu Road", "Rātā Street", "Harbour Parade, Unit 3", "Old Mill Lane", "Saint Brigid's Crescent",
    "Wattle Grove, Flat 12", "Esplanade North", "Karri Avenue", "Rue de l'Église", "Königstraße",
)  # fmt: skip
SECOND_LINES = (
    "", "", "", "", "", "", "", "", "Level 3", "c/o Quill & Marsh", "Shop 4, Arcade East",
    'The "Old" Brewery', "Gate 2\nring the upper bell", "Building C,\nrear entrance",
)  # fmt: skip
GENDERS = ("female", "male", "non-binary", "", "")
TIERS = ("gold", "silver", "bronze", "")
FLAGS = ("false", "false", "false", "true", "")


def slug(name: str, index: int) -> str:
    """The part of an e-mail address that a person of this name might have chosen."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    kept = "".join(letter for letter in plain if letter.isalnum())
    return kept or f"person{index}"


FIRST_SLUGS = tuple(slug(name, index) for index, name in enumerate(FIRST_NAMES))
LAST_SLUGS = tuple(slug(name, index) for index, name in enumerate(LAST_NAMES))
ADDRESSES = tuple(f"{number} {street}" for number in range(1, 400) for street in STREETS)
BIRTHDAYS = (
    tuple((date(1935, 1, 1) + timedelta(days=day)).isoformat() for day in range(26_000)) + ("",) * 2_600
)
MINUTES = tuple(f"{minute // 60:02}:{minute % 60:02}" for minute in range(1440))
DAYS = tuple((date(2022, 1, 1) + timedelta(days=day)).isoformat() for day in range(900))


class Dice:
    """Numbers that depend on the seed, a name and a block only.

    Raw words of the bit generator are used, since NumPy keeps that stream stable between its
    releases and the higher functions not.
    """

    def __init__(self, bits: np.random.PCG64, count: int) -> None:
        self._bits = bits
        self.count = count

    @classmethod
    def of(cls, seed: int, name: str, block: int, count: int) -> "Dice":
        """Fresh dice for the `count` rows of a block."""
        return cls(np.random.PCG64(np.random.SeedSequence([seed, crc32(name.encode()), block])), count)

    def more(self, count: int) -> "Dice":
        """The same dice, to be thrown for another number of rows."""
        return Dice(self._bits, count)

    def numbers(self, limit: int) -> list[int]:
        """`count` numbers from 0 up to, not including, `limit`."""
        numbers: list[int] = self.array(limit).tolist()
        return numbers

    def array(self, limit: int) -> NDArray[np.uint64]:
        """The same as an array."""
        raw = np.asarray(self._bits.random_raw(self.count), dtype=np.uint64)
        return (raw >> np.uint64(11)) % np.uint64(limit)

    def pick(self, pool: Sequence[Item]) -> list[Item]:
        """`count` members of `pool`."""
        return [pool[index] for index in self.numbers(len(pool))]

    def chosen(self, share: float) -> list[int]:
        """The positions that a share of the rows falls on, the rows being `count`."""
        hit = self.array(1_000_000) < np.uint64(round(share * 1_000_000))
        return [int(row) for row in np.flatnonzero(hit)]

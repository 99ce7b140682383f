"""Time zones by the names that exports give them."""

import re
from datetime import UTC, timedelta, timezone, tzinfo
from difflib import get_close_matches
from functools import cache, lru_cache
from zoneinfo import ZoneInfo, available_timezones

OFFSET = re.compile(r"(?:utc|gmt)? ?([+-])([01]?[0-9]|2[0-3])(?::?([0-5][0-9]))?", re.ASCII)
# Rails and Windows show a zone as "(GMT+10:00) Sydney"; the offset is that of winter, so the name counts.
SHOWN_OFFSET = re.compile(r"\((?:utc|gmt)[+-][0-9]{2}:[0-9]{2}\) *(?=.)")
CONTINENTS = ("Africa", "America", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")
# Points of the compass and acronyms that the zone database keeps under a continent.
NO_CITIES = frozenset({"north", "south", "west", "act", "nsw", "lhi"})
NO_PLACES = frozenset({"localtime", "Factory"})
# Names of Ruby on Rails' ActiveSupport::TimeZone (as Square and Shopify use them) that are no city of the zone
# database.
REGIONS = """
America/New_York: eastern time us and canada
America/Chicago: central time us and canada
America/Denver: mountain time us and canada
America/Los_Angeles: pacific time us and canada
America/Halifax: atlantic time canada
America/St_Johns: newfoundland
America/Indiana/Indianapolis: indiana east
America/Phoenix: arizona
America/Juneau: alaska
Pacific/Honolulu: hawaii
America/Regina: saskatchewan
America/Mexico_City: guadalajara
America/Guatemala: central america
America/Lima: quito
America/Sao_Paulo: brasilia
America/Guyana: georgetown
America/Nuuk: greenland
Atlantic/South_Georgia: mid-atlantic
Atlantic/Cape_Verde: cape verde is
Europe/London: edinburgh
Europe/Zurich: bern
Europe/Moscow: st petersburg
Europe/Kyiv: kyiv
Africa/Algiers: west central africa
Africa/Johannesburg: pretoria
Asia/Muscat: abu dhabi
Asia/Yekaterinburg: ekaterinburg
Asia/Karachi: islamabad
Asia/Kolkata: chennai, mumbai, new delhi
Asia/Colombo: sri jayawardenepura
Asia/Almaty: astana
Asia/Bangkok: hanoi
Asia/Shanghai: beijing
Asia/Tokyo: osaka, sapporo
Pacific/Guadalcanal: solomon is
Pacific/Noumea: new caledonia
Pacific/Majuro: marshall is
Pacific/Auckland: wellington
Pacific/Tongatapu: nuku alofa
Pacific/Fakaofo: tokelau is
Pacific/Chatham: chatham is
Pacific/Apia: samoa
Pacific/Midway: midway island, international date line west
Pacific/Pago_Pago: american samoa
"""
# Minutes east of UTC. The American ones are those of RFC 2822 section 4.3. Left out are letters that stand for
# different times in different countries (BST, IST, AST and others): an export that uses them needs a zone.
ABBREVIATIONS = {
    "z": 0, "ut": 0, "utc": 0, "gmt": 0, "cet": 60, "cest": 120, "eet": 120, "eest": 180,
    "est": -300, "edt": -240, "cst": -360, "cdt": -300, "mst": -420, "mdt": -360, "pst": -480, "pdt": -420,
    "akst": -540, "akdt": -480, "awst": 480, "acst": 570, "acdt": 630, "aest": 600, "aedt": 660, "nzst": 720,
    "nzdt": 780, "jst": 540, "hkt": 480, "sgt": 480,
}  # fmt: skip


def zone_of(text: str) -> tzinfo | None:
    """The zone that a text names: of the zone database, of Rails, a usual abbreviation or an offset; else None."""
    plain = SHOWN_OFFSET.sub("", text.strip().casefold()).strip(" ()")
    offset = _fixed(plain)
    if offset is not None:
        return offset
    name = _names().get(_plain(plain))
    return ZoneInfo(name) if name else None


@lru_cache(maxsize=1024)
def offset_text(text: str) -> str | None:
    """An abbreviation or offset as RFC 3339 writes it, Z where a name means UTC; None if it is neither."""
    plain = text.strip().lower()
    match = OFFSET.fullmatch(plain)
    if match:
        return f"{match[1]}{match[2]:0>2}:{match[3] or '00'}"
    minutes = ABBREVIATIONS.get(plain)
    if minutes is None:
        return None
    return written(timedelta(minutes=minutes)) if minutes else "Z"


def written(offset: timedelta) -> str:
    """An offset as RFC 3339 writes it, to the minute."""
    minutes = round(offset.total_seconds() / 60)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def _fixed(plain: str) -> tzinfo | None:
    if ABBREVIATIONS.get(plain) == 0:
        return UTC
    shown = offset_text(plain)
    if shown is None:
        return None
    minutes = int(shown[1:3]) * 60 + int(shown[4:])
    return timezone(timedelta(minutes=-minutes if shown[0] == "-" else minutes))


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9+-]+", " ", text.casefold().replace("&", " and ")).strip()


@cache
def _names() -> dict[str, str]:
    """Every known name without punctuation, and the zone that it means."""
    zones = sorted(available_timezones() - NO_PLACES)
    names: dict[str, str] = {}
    cities = [(_plain(zone.rsplit("/", 1)[-1]), zone) for zone in zones if zone.split("/")[0] in CONTINENTS]
    for city, zone in cities:
        if city not in NO_CITIES:
            names.setdefault(city, zone)
    names.update((_plain(zone), zone) for zone in zones)
    for line in REGIONS.split("\n"):
        zone, _, places = line.partition(": ")
        names.update((place, zone) for place in places.split(", ") if place)
    return names


def nearest(text: str) -> str:
    """The name of the zone database that a text without one may mean, as a city or misspelt; empty where none is near."""
    names, plain = _names(), _plain(text)
    # Few letters are near to those of many zones.
    near = [plain] if plain in names else get_close_matches(plain, names, 1, 0.75) if len(plain) > 5 else []
    return names[near[0]] if near else ""

"""Countries by what exports call them: the codes of ISO 3166, of two letters and of three, and the names in English."""

import re
import unicodedata
from functools import cache, lru_cache
from importlib import import_module

# What so many texts name is remembered.
MOST_KNOWN = 1 << 12
# Names that the Unicode project's list does not have: those of ISO 3166, older ones, and parts of a country.
FURTHER_NAMES = """
AE: emirates
BA: bosnia
BN: brunei darussalam
BO: plurinational state of bolivia
BS: the bahamas
CD: democratic republic of the congo, democratic republic of congo, drc
CG: republic of the congo, congo
CI: ivory coast, cote d ivoire
CV: cape verde, cabo verde
CZ: czech republic
FK: falkland islands, falkland islands malvinas
FM: federated states of micronesia
GB: great britain, britain, england, scotland, wales, northern ireland
GM: the gambia
HK: hong kong, hong kong sar
IR: islamic republic of iran
KN: saint kitts and nevis
KP: democratic people s republic of korea
KR: korea, republic of korea
LA: lao people s democratic republic, lao
LC: saint lucia
MD: republic of moldova
MK: macedonia, republic of north macedonia, the former yugoslav republic of macedonia
MM: burma, myanmar
MO: macau, macao
NL: holland
PS: palestine, state of palestine
RU: russian federation
SY: syrian arab republic
SZ: swaziland
TL: east timor
TR: turkey
TW: taiwan province of china
TZ: united republic of tanzania
US: united states of america
VA: holy see, vatican
VC: saint vincent and the grenadines
VE: bolivarian republic of venezuela
VG: virgin islands british
VI: virgin islands u s, us virgin islands
VN: viet nam
"""


@lru_cache(MOST_KNOWN)
def country_of(text: str) -> str | None:
    """The two letters of the country that a text names, by a code or an English name; None if it names none."""
    code = text.strip().upper()
    if len(code) == 2 and code in import_module("phonenumbers").SUPPORTED_REGIONS:
        return code
    known = _known()
    # ISO 3166 turns names around: Korea, Republic of.
    name, _, before = text.partition(",")
    return known.get(_plain(text)) or known.get(_plain(f"{before} {name}")) if text.strip() else None


def _plain(text: str) -> str:
    """A name without case, accents, punctuation and article."""
    letters = unicodedata.normalize("NFKD", text.casefold().replace("&", " and "))
    words = re.sub(r"[^a-z]+", " ", "".join(sign for sign in letters if not unicodedata.combining(sign)))
    return re.sub(r"\b(?:the|st)\b", lambda word: "saint" if word[0] == "st" else "", words).replace(" ", "")


@cache
def _known() -> dict[str, str]:
    """Every name and code, and the country that it means."""
    # Only here: few mappings have phones, and the lists take a while to load.
    babel, core = import_module("babel"), import_module("babel.core")
    names = babel.Locale("en").territories
    countries = {code for code in names if re.fullmatch("[A-Z]{2}", code)} - NO_COUNTRIES
    known = {_plain(names[code]): code for code in sorted(countries)}
    for line in FURTHER_NAMES.strip().splitlines():
        code, _, others = line.partition(": ")
        known.update((_plain(name), code) for name in others.split(", "))
    for alias, meant in core.get_global("territory_aliases").items():
        if len(meant) == 1 and meant[0] in countries and alias.isalpha() and alias not in countries:
            known[alias.casefold()] = meant[0]
    known.update((code.casefold(), code) for code in countries)
    return known


# What the list holds beside countries: unions, oceans, and marks for tests and for "unknown".
NO_COUNTRIES = frozenset({"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"})

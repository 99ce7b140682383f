"""What may not stand where somebody is named, and what ids lose: written down anew, to hold the pipeline against."""

import re
from typing import Any

from lexer_pipeline.specs import signs

_INVISIBLE = {0xFEFF, 0x2060, 0xAD, *range(0x200B, 0x2010), *range(0x202A, 0x202F)}
_IDS = {
    "customer_id", "mobile", "system_name", "external_id", "link_value", "id_type", "purchase_id", "return_id", "product_id", "postcode", "zip",
    "sku", "upc", "store_id", "id", "email_id", "sms_id", "campaign_id", "number",
}  # fmt: skip
_WORDS = (
    r"(null|\(null\)|<null>|\\n|nil|none|\(none\)|nan|n/a|n\.a\.?|undefined|unknown|\(unknown\)|not set|\(not set\)|\(blank\)|-{1,3}|[–—]|0+|0\.0"
    r"|0{8}-0{4}-0{4}-0{4}-0{12}|)|(test|no[-_.]?email|no-?mail|none|null)@.*|#{3,}|[0-9]([.,][0-9]+)?e\+[0-9]{2}"
    r"|#(n/a|ref!|name\?|value!|div/0!|null!|num!|spill!|calc!)"
)


def visible(text: str) -> str:
    """The text without the signs that nobody sees, of which one may be half of another sign where the encoding was wrong."""
    if signs.fixed_encoding(text) != text:
        return text
    return "".join(sign for sign in text if ord(sign) not in _INVISIBLE)


def is_id(path: tuple[str, ...]) -> bool:
    """Whether the field at a path is an id; `id_type` says a kind but in a link."""
    if path[-1] in ("id_type", "link_type"):
        return path == ("link", "id_type")
    return path[-1] in _IDS


def bare(text: str) -> str:
    """An id without what protects it from spreadsheets."""
    text = text.strip("\t\u00a0")
    if re.fullmatch('=".*"', text, re.DOTALL) and text != '="':
        text = text[2:-1].strip("\t\u00a0")
    return text[1:] if text[:1] == "'" else text


def address(text: str) -> str:
    """An e-mail address without what programs write around it; "several" where there is more than one."""
    text = text.lower().strip()
    sign = r"[^\s@<>()\[\],;:/|&\"']"
    found = {one.rstrip(".") for one in re.findall(f"{sign}+@{sign}+", text)}
    if len({one for one in found if not one.endswith("@")}) > 1:
        return "several"
    if re.fullmatch(r"[a-z0-9_.+-]+@[a-z0-9.-]*[a-z0-9-]", text):
        return text
    if text.count("<") == text.count(">") == 1 and (inner := re.search(r"<\s*([^\s]+?)\s*>[\s.,;]*$", text)):
        text = inner[1]
    for before in ("=", "mailto:"):
        text = text[len(before) :] if text.startswith(before) else text
    text = text.strip("\"' \t")
    return text.rstrip(".,; ") if "@" in text else text


def names_somebody(clean: Any) -> bool:
    """Whether no text of the link, and no key, is a word for nothing."""
    link = clean.get("link")
    texts = [value for key, value in link.items() if key != "link_type"] if isinstance(link, dict) else []
    texts += [clean[key] for key in ("purchase_id", "return_id") if key in clean]
    return not any(
        re.fullmatch(_WORDS, text.strip(), re.IGNORECASE | re.ASCII | re.DOTALL)
        for text in texts
        if isinstance(text, str)
    )

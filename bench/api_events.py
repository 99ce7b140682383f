"""Invented events of e-mail as SendGrid posts them."""

from collections.abc import Mapping
from typing import Any

from bench import words

KINDS = (
    *("processed",) * 6, *("delivered",) * 6, *("open",) * 5, *("click",) * 2, "bounce", "deferred", "unsubscribe",
    "group_unsubscribe", "group_resubscribe", "dropped",
)  # fmt: skip
MADE_OF = {"delivered", "open", "click", "bounce", "unsubscribe", "group_unsubscribe", "group_resubscribe"}
"""The kinds that become a record; an open by a machine does not."""

FIRST_SECOND, SECONDS = 1_704_067_200, 70_000_000
TAILS = (".recvd-5f9ffdf494-9kc6l-1-673C6EB0-B.0", ".filterdrecv-p3mdw1-6f4d5-20-65E83A1F-2.0")
ABOUT_A_TRY = {"processed", "delivered", "deferred", "bounce", "dropped"}
MACHINES = 5
"""One open in so many is a machine's."""


def documents(dice: words.Dice, start: int) -> tuple[list[Mapping[str, Any]], int]:
    """(`dice.count` events, how many of them become a record)."""
    firsts, lasts = dice.pick(words.FIRST_SLUGS), dice.pick(words.LAST_SLUGS)
    numbers, hosts = dice.numbers(200_000), dice.pick(words.MAIL_HOSTS)
    people = [
        f"{first}.{last}{number}@{host}"
        for first, last, number, host in zip(firsts, lasts, numbers, hosts, strict=True)
    ]
    # One address in fifty is not in lower case.
    emails = [
        one if keep else one.title() for one, keep in zip(people, dice.numbers(50), strict=True)
    ]  # fmt: skip
    columns = (dice.pick(KINDS), emails, dice.numbers(SECONDS), dice.numbers(1_000_000_000), dice.numbers(60))
    made = [document(start + place, *row) for place, row in enumerate(zip(*columns, strict=True))]
    return made, sum(1 for one in made if one["event"] in MADE_OF and not one.get("sg_machine_open"))


def document(number: int, kind: str, email: str, second: int, message: int, dice: int) -> Mapping[str, Any]:
    """One event; `dice` decides what is in some of them only."""
    record: dict[str, Any] = {
        "email": email, "timestamp": FIRST_SECOND + second, "event": kind,
        "smtp-id": f"<kSnN{message:018x}@geopod-ismtpd-3>", "category": ["news", "spring"],
        "sg_event_id": f"ZXZlbnQt{number:014}", "sg_message_id": f"kSnN{message:018x}{TAILS[dice % 2]}",
    }  # fmt: skip
    if dice % 3:
        record |= {
            "singlesend_id": f"27c21bbf-a12c-440b-b8bf-{dice % 7:012}", "singlesend_name": "March letter",
            "mc_stats": "singlesend", "phase_id": "send", "template_id": "d-1", "sg_content_type": "html",
        }  # fmt: skip
    else:
        record |= {"marketing_campaign_id": 23_000 + dice, "marketing_campaign_name": "Winter"}
    if kind in ABOUT_A_TRY:
        record |= {"response": "250 2.0.0 OK: queued as 4C1FF2C0A1", "tls": 1, "ip": "192.0.2.10"}
    if kind in ("open", "click"):
        record |= {
            "ip": "198.51.100.7",
            "useragent": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Safari/605.1.15",
        }
    if kind == "open":
        record["sg_machine_open"] = not dice % MACHINES
    if kind == "click":
        record |= {
            "url": f"https://shop.example.com/mugs/{message % 5000}?a=1&b=2",
            "url_offset": {"index": 0, "type": "html"},
        }
    if kind == "bounce":
        record |= {"type": "bounce", "status": "5.0.0", "reason": "550 5.1.1 The account does not exist"}
    if kind.startswith("group_"):
        record["asm_group_id"] = 10 + dice % 4
    return record

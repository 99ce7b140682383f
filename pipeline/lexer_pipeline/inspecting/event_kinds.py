"""Events of other kinds than the one that a record is of, in a log that holds several."""

import re
from collections.abc import Sequence

EVENT = re.compile(
    r"^(event|activity|action|activitytype|metric|metricname|status)$|event(type|name|kind|action)?$|^type$"
)
# What the events are called that records are made of: of several words for a send the first that is there, since a message has one of each.
KINDS = {
    "email_send": ("delivered|delivery|email_delivered", "sent|send|email_sent", "received email", "processed|accepted|injection"),
    "email_open": ("open|opened|opens|email_open|email_opened|opened email|unique_open",),
    "email_click": ("click|clicked|clicks|email_click|email_clicked|clicked email|unique_click",),
    "email_bounce": ("bounce|bounced|email_bounce|email_bounced|hard_bounce|soft_bounce|hardbounce|softbounce|bounced email|dropped|failed|permanent_fail",),
    "sms_send": ("delivered", "sent", "received sms"),
    "sms_click": ("click|clicked|clicked sms",),
}  # fmt: skip


WORDS = frozenset(word for kinds in KINDS.values() for words in kinds for word in words.split("|"))


def words_of_kind(texts: Sequence[str], record_type: str, is_alone: bool) -> tuple[str, ...]:
    """The words of a column that mean the kind of event which a record is of; none where it is no column of kinds.

    Unless `is_alone`, none where it holds no other words either. Where all that happened is of other kinds, the usual word.
    """
    kinds = KINDS.get(record_type, ())
    found = {text for text in texts if text}
    for words in kinds:
        if meant := found & {*words.split("|")}:
            return tuple(sorted(meant)) if is_alone or found - meant else ()
    return tuple(kinds[0].split("|")[:1]) if kinds and found and found <= WORDS else ()

"""Events of other kinds than the one that a record is of, in a log that holds several."""

import re
from collections.abc import Sequence

EVENT = re.compile(r"^(event|activity|action|activitytype|metric|metricname|status)$|event(type|name|kind|action)?$|^type$")
# What the events are called that records are made of: of several words for a send the first that is there, since a message has one of each.
KINDS = {
    "email_send": ("delivered|delivery", "sent|send|email_sent", "received email", "processed|accepted|injection"),
    "email_open": ("open|opened|opens|email_open|opened email|unique_open",),
    "email_click": ("click|clicked|clicks|email_click|clicked email|unique_click",),
    "email_bounce": ("bounce|bounced|hard_bounce|soft_bounce|hardbounce|softbounce|bounced email|dropped|failed|permanent_fail",),
    "sms_send": ("delivered", "sent", "received sms"),
    "sms_click": ("click|clicked|clicked sms",),
}  # fmt: skip


def words_of_kind(texts: Sequence[str], record_type: str) -> tuple[str, ...]:
    """The words of a column that mean the kind of event which a record is of; none where it is no column of kinds, or holds only these."""
    found = {text for text in texts if text}
    for words in KINDS.get(record_type, ()):
        if (meant := found & {*words.split("|")}) and (found - meant):
            return tuple(sorted(meant))
    return ()

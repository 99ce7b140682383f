"""The object store that tests use does what they take for granted."""

import requests

from tests.stores import SIGNED, Bucket, bucket, object_store  # noqa: F401 - fixtures


def test_an_object_is_stored_listed_read_in_ranges_and_removed(bucket: Bucket) -> None:  # noqa: F811
    bucket.put("exports/a.csv", b"email\nmira.holt@example.com\n")
    assert bucket.keys() == ["exports/a.csv"]
    answer = requests.get(f"{bucket.url}/exports/a.csv", headers=SIGNED | {"Range": "bytes=2-4"}, timeout=60)
    assert (answer.status_code, answer.content) == (206, b"ail")
    bucket.delete("exports/a.csv")
    assert bucket.keys() == []


def test_what_is_put_on_condition_that_nothing_is_there_is_put_once(bucket: Bucket) -> None:  # noqa: F811
    statuses = [
        requests.put(
            f"{bucket.url}/once", str(number), headers=SIGNED | {"If-None-Match": "*"}, timeout=60
        ).status_code
        for number in range(2)
    ]
    assert (statuses, bucket.get("once")) == ([200, 412], b"0")

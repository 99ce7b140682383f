"""kill -9, two at once, a full disk, a hostile environment; the sandbox's event log is the judge."""

import json
import os
import random
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from lexer_pipeline.outbox.batch import PreparedBatch
from lexer_pipeline.outbox.ledger import entries

from tests.drill.judge import Verdict, judge, table
from tests.drill.rig import Rig, Round, content
from tests.thoroughness import also_drilled, many, sweep
from tests.upload.helpers import md5_of, prepared
from tests.waiting import happens

# Set up, look for it, write it down, find it, settle where it goes, begin, look for receipts, pace, asked, granted, sending, last block,
# sent.
CHANGES = 13
PAGE, PAGES = 4096, 48
GRANTED, SENDING, LAST_BLOCK = 10, 11, 12
LATER = 3_700  # seconds until a url has expired


def new_batch(rig: Rig, out: Path, size: int = 4_000) -> PreparedBatch:
    number = len(rig.sandbox.events())
    return prepared(out, f"commerce_products_{number}-20240306-a", content(random.Random(number), size))


def verdict(rig: Rig, before: int, out: Path, *batches: PreparedBatch) -> Verdict:
    told = {entry.name: entry.state for entry in entries(out)}
    return judge(rig.sandbox.events()[before:], {one.manifest.file: md5_of(one) for one in batches}, told, 0)


@also_drilled
@pytest.mark.parametrize("die", sweep(["after", "instead", "before"], usual=["after"]))
def test_a_kill_between_any_two_changes_of_the_ledger_neither_loses_nor_doubles(
    rig: Rig, tmp_path: Path, die: str
) -> None:
    # From the permission on, something may be at the store; of the changes before, each third.
    total, changes = Verdict(), [*range(1, GRANTED, many(3, drill=1)), *range(GRANTED, CHANGES + 1)]
    for change in changes:
        out = tmp_path / str(change)
        out.mkdir()
        batch, before = new_batch(rig, out), len(rig.sandbox.events())
        assert rig.run(rig.order(out, [batch], die_at=change, die=die))[0] == -9
        assert rig.run(rig.order(out, [batch]))[0] == 0
        total += verdict(rig, before, out, batch)

    assert total == Verdict(batches=len(changes), sent=len(changes))


@pytest.mark.parametrize(
    ("change", "state", "given"),
    [(GRANTED, "sent", 2), (SENDING, "sent", 2), (LAST_BLOCK, "in_doubt", 1), (CHANGES, "sent", 1)],
)
def test_a_url_that_expires_while_the_program_is_down(
    rig: Rig, out: Path, change: int, state: str, given: int
) -> None:
    batch, before = new_batch(rig, out), len(rig.sandbox.events())
    assert rig.run(rig.order(out, [batch], die_at=change))[0] == -9
    rig.sandbox.set(clock_offset=LATER)

    code, _ = rig.run(rig.order(out, [batch], clock=LATER))

    events = rig.sandbox.events()[before:]
    assert (entries(out)[0].state, code) == (state, 4 if state == "in_doubt" else 0)
    assert sum(event["kind"] == "granted" for event in events) == given
    assert verdict(rig, before, out, batch).twice == 0


def test_a_kill_in_the_middle_of_the_body_goes_on_under_the_same_upload_id(rig: Rig, out: Path) -> None:
    batch, before = new_batch(rig, out, 3_000_000), len(rig.sandbox.events())
    process = rig.start("tests.upload.driver", rig.order(out, [batch], settings={"limit_rate": 200_000}))
    assert happens(lambda: any(event["kind"] == "begun" for event in rig.sandbox.events()[before:]))
    time.sleep(0.5)  # a little of the body passes
    process.kill()
    process.communicate()
    assert [entry.state for entry in entries(out)] == ["sending"]

    assert rig.run(rig.order(out, [batch]))[0] == 0
    assert verdict(rig, before, out, batch) == Verdict(batches=1, sent=1)
    assert sum(event["kind"] == "granted" for event in rig.sandbox.events()[before:]) == 1


def test_two_uploaders_at_once_send_each_batch_once(rig: Rig, out: Path) -> None:
    before = len(rig.sandbox.events())
    batches = [
        prepared(out, f"commerce_products_{before}_{n}-20240306-a", content(random.Random(n), 50_000))
        for n in range(8)
    ]
    order = rig.order(out, batches, settings={"parallel": 4})
    both = [rig.start("tests.upload.driver", order) for _ in range(2)]
    for process in both:
        rig.finish(process)
    rig.run(order)

    assert verdict(rig, before, out, *batches) == Verdict(batches=8, sent=8)


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """A file system of so many pages at `folder`."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={PAGE * PAGES}", "tmpfs", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@also_drilled
@pytest.mark.skipif(os.geteuid() != 0 or sys.platform != "linux", reason="only root may mount a file system")
def test_a_full_disk_under_the_ledger_neither_loses_nor_doubles(rig: Rig, tmp_path: Path) -> None:
    out, codes = tmp_path / "small", []
    out.mkdir()
    # An empty ledger has 15.
    for pages in many((0, 8, 15, 17, 20, PAGES), drill=(0, 1, 8, 14, 15, 16, 17, 18, 19, 20, 22, PAGES)):
        with small_disk(out):
            batch, before = new_batch(rig, tmp_path / "elsewhere"), len(rig.sandbox.events())
            filler = out / "filler"
            filler.write_bytes(b"\0" * (PAGE * (PAGES - pages)))
            code, said = rig.run(rig.order(out, [batch]))
            assert code == 0 or "the ledger" in said
            codes.append(code)
            filler.unlink()
            assert rig.run(rig.order(out, [batch]))[0] == 0
            assert verdict(rig, before, out, batch) == Verdict(batches=1, sent=1)

    assert {0, 4} == set(codes)


def limited(size: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


@also_drilled
def test_a_ledger_that_may_not_grow_neither_loses_nor_doubles(rig: Rig, tmp_path: Path) -> None:
    codes = []
    for number, pages in enumerate(many((0, 7, 15, 17, 256), drill=(0, 1, 7, 14, 15, 16, 17, 256))):
        size = PAGE * pages
        out = tmp_path / str(number)
        out.mkdir()
        batch, before = new_batch(rig, out), len(rig.sandbox.events())
        code, said = rig.run(rig.order(out, [batch]), preexec_fn=lambda size=size: limited(size))
        assert code == 0 or "error: the ledger cannot be written" in said
        codes.append(code)
        assert rig.run(rig.order(out, [batch]))[0] == 0
        assert verdict(rig, before, out, batch) == Verdict(batches=1, sent=1)

    assert {0, 4} == set(codes)


def hostile(rig: Rig, tmp_path: Path) -> dict[str, str]:
    """An environment full of traps, and the settings that the command reads."""
    home = tmp_path / "home"
    home.mkdir()
    (home / ".netrc").write_text("default login mira password holt\n")
    (home / ".netrc").chmod(0o600)
    proxies = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
    return {
        **{key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")},
        **dict.fromkeys(proxies, "http://127.0.0.1:9"),
        "HOME": str(home),
        "NETRC": str(home / ".netrc"),
        "PYTHONPATH": str(Path(__file__).parents[2] / "pipeline"),
        "PYTHONDEVMODE": "1",
        "LEXER_UPLOAD_API_URL": rig.sandbox.url,
        "LEXER_UPLOAD_API_TOKEN": rig.token,
        **({"LEXER_CA_FILE": str(rig.sandbox.ca_file)} if rig.sandbox.ca_file else {}),
    }


def command(rig: Rig, tmp_path: Path, out: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The command as a person runs it, in an environment full of traps."""
    call = [sys.executable, "-m", "lexer_pipeline", "upload", "--out", str(out), *words]
    return subprocess.run(
        call, env=hostile(rig, tmp_path), cwd=tmp_path, capture_output=True, text=True, check=False
    )


def no_secret(rig: Rig, out: Path, said: str) -> None:
    for text in (said, *(path.read_bytes().decode("latin-1") for path in out.rglob("*") if path.is_file())):
        assert rig.token not in text
        assert "X-Amz-" not in text


@pytest.mark.parametrize(
    "words",
    [
        ("--json",),
        pytest.param((), marks=pytest.mark.drill),
        pytest.param(("--quiet",), marks=pytest.mark.drill),
    ],
)
def test_the_command_sends_in_a_hostile_environment_and_tells_no_secret(
    rig: Rig, tmp_path: Path, out: Path, words: tuple[str, ...]
) -> None:
    batch, before = new_batch(rig, out), len(rig.sandbox.events())
    rig.sandbox.inject({"on": "put", "do": "stored_reset"})

    done = command(rig, tmp_path, out, *words)

    assert done.returncode == 0, done.stderr
    begun = [event["headers"] for event in rig.sandbox.events()[before:] if event["kind"] == "begun"]
    assert all("authorization" not in headers for headers in begun)
    assert verdict(rig, before, out, batch).sent == 1
    no_secret(rig, out, done.stdout + done.stderr)
    if words == ("--json",):
        assert json.loads(done.stdout)["uploads"][0]["state"] == "sent"


@pytest.mark.parametrize(
    ("fault", "code"),
    [({"on": "put", "do": "redirect"}, 4), ({"on": "ask", "do": "bad_signature"}, 4), ({"on": "ask", "do": "status", "status": 401}, 4)],
)  # fmt: skip
def test_a_refusal_tells_no_secret_and_has_its_exit_code(
    rig: Rig, tmp_path: Path, out: Path, fault: dict[str, Any], code: int
) -> None:
    new_batch(rig, out)
    rig.sandbox.inject(fault)

    done = command(rig, tmp_path, out)

    assert done.returncode == code
    no_secret(rig, out, done.stdout + done.stderr)


def test_a_traceback_tells_no_secret(rig: Rig, out: Path) -> None:
    batch = new_batch(rig, out, 200_000)
    process = rig.start("tests.upload.driver", rig.order(out, [batch], fail=True))
    said = "".join(process.communicate(timeout=300))

    assert process.returncode == 1
    assert "Traceback" in said
    assert rig.token not in said
    assert "X-Amz-" not in said
    assert rig.run(rig.order(out, [batch]))[0] == 0
    no_secret(rig, out, said)


def drill(rig: Rig, rounds: range) -> dict[str, Verdict]:
    """The same rounds for ours and for the naive script."""
    totals = {"ours": Verdict(), "naive script": Verdict()}
    for number in rounds:
        for name in totals:
            totals[name] += Round(rig, number, name == "ours").play()
    return totals


def check(totals: dict[str, Verdict]) -> None:
    ours, naive = totals["ours"], totals["naive script"]
    assert (ours.lost, ours.twice) == (0, 0)
    assert ours.sent + ours.in_doubt == ours.batches
    assert naive.lost + naive.twice > 0


def test_kills_and_faults_at_random_lose_and_double_nothing_but_a_naive_script_does(rig: Rig) -> None:
    totals = drill(rig, range(1))

    check(totals)


@pytest.mark.drill
def test_the_long_drill(rig: Rig) -> None:
    totals = drill(rig, range(100, 120))

    scheme = "TLS" if rig.sandbox.ca_file else "plain HTTP"
    print(f"\n\nOver {scheme}, judged from the sandbox's event log:\n{table(totals)}\n")
    check(totals)

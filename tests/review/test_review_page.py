"""The review page as a person uses it in a browser; skipped where no chromium program is installed."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.review.exports import FAULTS, export
from tests.running import environment
from tests.waiting import PATIENCE

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
QUIET = (
    *("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"),
    *("--disable-component-update", "--no-first-run", "--disable-dev-shm-usage"),
)
browsing = pytest.mark.skipif(
    CHROMIUM is None, reason="no chromium program is installed: the review page is NOT tested"
)


@contextmanager
def review(folder: Path, *words: str) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """The command, and the address that it says."""
    command = [sys.executable, "-m", "lexer_pipeline", "review", *words, "--no-browser"]
    running = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**environment(), "PYTHONWARNINGS": "default", "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    try:
        assert running.stdout is not None
        yield running, running.stdout.readline().split()[-1]
    finally:
        running.kill()
        running.communicate()


@contextmanager
def browser(width: int = 1280) -> Iterator[Page]:
    """A page whose complaints, and requests to elsewhere, fail the test."""
    complaints: list[str] = []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        page = chromium.new_context(viewport={"width": width, "height": 900}).new_page()
        page.set_default_timeout(PATIENCE * 1000)
        expect.set_options(timeout=PATIENCE * 1000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on("request", lambda asked: None if _is_here(asked.url) else complaints.append(asked.url))
        yield page
        assert complaints == []
        chromium.close()


def _is_here(url: str) -> bool:
    return url.startswith(("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:"))


def to_be_fixed(page: Page, count: int) -> None:
    expect(page.get_by_text(re.compile(rf"^{count} of 40 rows are to be fixed"))).to_be_visible()


def fix(page: Page, column: int, text: str, right: str) -> None:
    """Change the first cell that says so with the keyboard, and then all like it."""
    page.locator(f'.ag-cell.faulty[col-id="{column}"]', has_text=text).first.click()
    expect(page.get_by_role("region", name="What is wrong here")).to_contain_text("Line")
    for key in ("Enter", "Control+A"):
        page.keyboard.press(key)
    page.keyboard.type(right)
    page.keyboard.press("Enter")
    page.get_by_role("button", name="The same fix for 4 other rows").click()


@browsing
def test_an_export_with_forty_faults_of_eight_kinds_ends_as_a_batch(tmp_path: Path) -> None:
    export(tmp_path / "orders.csv")
    with review(tmp_path, "orders.csv", "--spec", "purchase") as (running, address), browser() as page:
        page.goto(address)
        to_be_fixed(page, 40)
        left = 40
        for column, text, right, _ in FAULTS:
            fix(page, column, text, right)
            left -= 5
            to_be_fixed(page, left)
        page.get_by_role("combobox", name="Fault").click()
        page.get_by_role("option", name="ragged_row (5)").click()
        expect(page.locator(".ag-center-cols-container .ag-row")).to_have_count(5)
        for box in page.get_by_role("checkbox").all()[:5]:
            box.check()
        page.get_by_role("button", name="Leave out").click()
        to_be_fixed(page, 0)
        page.get_by_role("tab", name="3 Prepare").click()
        page.get_by_role("button", name="Prepare the batch").click()
        expect(page.get_by_text(re.compile("95 records, ready to be sent"))).to_be_visible()
        page.get_by_label("A line that Lexer's logs name").fill("95")
        page.get_by_role("button", name="Where is it from?").click()
        expect(page.get_by_text(re.compile("^orders.csv line [0-9]+$"))).to_be_visible()

        second = page.context.browser
        assert second is not None
        other = second.new_page()
        refused = other.goto(address)
        assert refused is not None
        assert refused.status == 403
        page.get_by_role("button", name="Done").click()
        _, words = running.communicate(timeout=PATIENCE)
    (batch,) = (one for one in (tmp_path / "batches").iterdir() if one.is_dir() and one.name[0] != ".")
    manifest = json.loads((batch / "manifest.json").read_bytes())

    assert (running.returncode, words) == (0, "")
    assert (manifest["state"], manifest["records"], manifest["rejected"]) == ("prepared", 95, 0)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["batches", "orders.csv"]

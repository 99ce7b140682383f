"""The page, as a browser shows it; these tests need a chromium program and are skipped without one."""

import re
import shutil
import subprocess
from pathlib import Path
from urllib.parse import urlencode

import pytest
from lexer_pipeline.sandbox.server import Sandbox
from sandbox_wire import PRODUCTS, ask, call, put

from tests.waiting import PATIENCE

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
QUIET = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"),
    *("--disable-component-update", "--no-first-run", "--disable-dev-shm-usage", "--window-size=1200,1500"),
)
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
browser = pytest.mark.skipif(
    CHROMIUM is None, reason="no chromium program is installed: the page is NOT tested"
)


def chromium(folder: Path, url: str, *options: str) -> str:
    """What chromium prints when it opens a page."""
    order = [str(CHROMIUM), *QUIET, f"--user-data-dir={folder / 'profile'}", *options, url]
    return subprocess.run(order, capture_output=True, text=True, timeout=300, check=True).stdout


def text(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", html.partition("<main>")[2].partition("</main>")[0]))


def post(sandbox: Sandbox, path: str, **form: str) -> tuple[int, str]:
    origin = sandbox.page.rstrip("/")
    reply = call(sandbox, "POST", path, urlencode(form).encode(), {**FORM, "Origin": origin})
    return reply.status, reply.body.decode()


def fill(sandbox: Sandbox) -> None:
    token = sandbox.new_token("Mira <b>Holt</b>")
    lines = [
        b'{"product_id":"kettle-%d","name":"<script>document.title=1</script>"}\n' % at for at in range(1200)
    ]
    put(ask(sandbox, token).json["url"], b"".join([*lines, b'{"product_id":9}\n', b'{"price":"dear"}\n']))
    put(ask(sandbox, token, "till_export-20240306-a.csv").json["url"], b"id\n1\n")
    ask(sandbox, token, "commerce_returns-20240306-a.json")
    assert sandbox.wait_loaded(PATIENCE)


@browser
def test_the_page_shows_tokens_uploads_and_datasets(sandbox: Sandbox, tmp_path: Path) -> None:
    fill(sandbox)
    html = chromium(tmp_path, sandbox.page, "--dump-dom")
    shown = text(html)

    assert "<title>Upload API sandbox</title>" in html
    assert [word for word in ("Tokens", "Uploads", "Datasets") if f"<h2>{word}</h2>" not in html] == []
    assert "Mira &lt;b&gt;Holt&lt;/b&gt;" in shown
    assert "1,200 accepted 2 rejected" in shown
    assert "permission given" in shown and "stored" in shown and "manual" in shown
    assert f"{PRODUCTS} 1,201 product_id type" in shown
    assert "kettle-0" in shown


@browser
def test_the_page_can_be_drawn(sandbox: Sandbox, tmp_path: Path) -> None:
    fill(sandbox)
    picture = tmp_path / "page.png"
    chromium(tmp_path, sandbox.page, f"--screenshot={picture}")

    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.stat().st_size > 20_000  # an empty page of this size takes less


def test_the_page_loads_nothing_from_elsewhere(sandbox: Sandbox) -> None:
    fill(sandbox)
    reply = call(sandbox, "GET", "/")

    assert re.findall(rb"""(?:src|href)=|url\(|@import|https?://(?!127\.0\.0\.1)""", reply.body) == []
    assert "default-src 'none'" in reply.headers["Content-Security-Policy"]


def test_a_token_is_shown_once(sandbox: Sandbox) -> None:
    status, html = post(sandbox, "/tokens", name="Till 4")
    token = html.partition('<code id="token">')[2].partition("<")[0]

    assert status == 201
    assert ask(sandbox, token).status == 201
    assert token.encode() not in call(sandbox, "GET", "/").body


def test_a_token_is_revoked_with_its_button(sandbox: Sandbox) -> None:
    token = sandbox.new_token("Till 4")

    assert post(sandbox, "/tokens/revoke", id="1")[0] == 303
    assert ask(sandbox, token).status == 401
    assert b"revoked" in call(sandbox, "GET", "/").body


def test_a_sixth_token_is_refused_on_the_page(sandbox: Sandbox) -> None:
    statuses = [post(sandbox, "/tokens", name=f"Till {number}")[0] for number in range(6)]

    assert statuses == [201] * 5 + [409]


@pytest.mark.parametrize(("method", "path"), [("GET", "/nowhere"), ("PUT", "/"), ("DELETE", "/tokens")])
def test_what_is_no_page_is_not_found(sandbox: Sandbox, method: str, path: str) -> None:
    assert call(sandbox, method, path).status == 404

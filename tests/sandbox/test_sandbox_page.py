"""The page, as a browser shows it; tests that need a chromium program are skipped without one."""

import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from lexer_pipeline.cli.arguments import parser
from lexer_pipeline.sandbox.page import orders
from lexer_pipeline.sandbox.server import Sandbox
from playwright.sync_api import Browser, Page, expect, sync_playwright
from sandbox_wire import GOOD, PRODUCTS, Reply, admin, ask, call, put

from tests.running import environment
from tests.thoroughness import sweep
from tests.waiting import PATIENCE

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
QUIET = (
    *("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"),
    *("--disable-component-update", "--no-first-run", "--disable-dev-shm-usage"),
)
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
WIDTHS = (420, 1280)
TO = {"destination_type": "dataset_load", "dataset_id": "a1b2c3d4", "record_type": "product"}
browsing = pytest.mark.skipif(
    CHROMIUM is None, reason="no chromium program is installed: the page is NOT tested"
)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: Browser, sandbox: Sandbox) -> Iterator[Callable[..., Page]]:
    """Opens the page as a browser does; whatever its script or its policy complains of fails the test."""
    contexts, complaints = [], []

    def open_page(width: int = 1280, scheme: Any = "light") -> Page:
        context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE * 1000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.goto(sandbox.page)
        return page

    expect.set_options(timeout=PATIENCE * 1000)
    yield open_page
    for context in contexts:
        context.close()
    assert [one for one in complaints if "400 (Bad Request)" not in one] == []


def text(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", html.partition("<main>")[2].partition("</main>")[0]))


def page(sandbox: Sandbox) -> str:
    return call(sandbox, "GET", "/").body.decode()


def post(sandbox: Sandbox, path: str, **form: str) -> Reply:
    origin = sandbox.page.rstrip("/")
    return call(sandbox, "POST", path, urlencode(form).encode(), {**FORM, "Origin": origin})


def fill(sandbox: Sandbox) -> None:
    """Something of each kind that the page shows; names and values that would be markup."""
    token = sandbox.new_token("Mira <b>Holt</b>")
    lines = [
        b'{"product_id":"kettle-%d","name":"<script>document.title=1</script>"}\n' % at for at in range(1200)
    ]
    wanted = {"filename": PRODUCTS, "destination": TO}
    put(
        ask(sandbox, token, wanted).json["url"],
        b"".join([*lines, b'{"product_id":9}\n', b'{"price":"dear"}\n']),
    )
    put(ask(sandbox, token, "till_export-20240306-a.csv").json["url"], b"id\n1\n")
    script = {"filename": "a1b2c3d4_product_1709683200.ndjson", "destination": TO}
    put(ask(sandbox, token, script).json["url"], GOOD)
    for version in "ab":
        put(ask(sandbox, token, f"commerce_products_02-20240306-{version}.json").json["url"], GOOD)
    put(ask(sandbox, token, "commerce_returns-20240306-a.json").json["url"] + "0")
    ask(sandbox, token, "<i>export</i>.json")
    ask(sandbox, None)
    put(f"{sandbox.page}lexer-client-upload-local/uploads/99/lost.json")
    sandbox.inject({"on": "ask", "do": "status", "status": 503, "times": 3})
    assert sandbox.wait_loaded(PATIENCE)


def test_the_page_tells_of_each_upload_where_to_by_whom_and_what_became_of_it(sandbox: Sandbox) -> None:
    fill(sandbox)
    html = page(sandbox)
    shown = text(html)

    for words in (
        "Mira &lt;b&gt;Holt&lt;/b&gt;",
        "a1b2c3d4 product " + sandbox.url,
        "1,202 2 rejected",
        "waits for a person",
        "replaced by 5",
        "not stored",
        "PUT refused: 403 The request signature we calculated does not match",
        "named as Lexer&#39;s own script does",
        "&lt;i&gt;export&lt;/i&gt;.json 400 The filename may hold letters",
        "401 The token in the header Auth-Api-Token is missing.",
        "lost.json PUT refused: 403 Access Denied",
        "line 1,201 product_id is not of the type asked for; write text.",
        "Permission: 503, the service is away 3 to come",
    ):
        assert words in shown
    assert "<script>document" not in html


def test_the_page_loads_nothing_from_elsewhere(sandbox: Sandbox) -> None:
    fill(sandbox)
    reply = call(sandbox, "GET", "/")

    assert re.findall(rb"""src=|href="[^#]|url\(|@import|https?://(?!127\.0\.0\.1)""", reply.body) == []
    assert "default-src 'none'" in reply.headers["Content-Security-Policy"]
    assert "script-src 'sha256-" in reply.headers["Content-Security-Policy"]


def test_without_its_templates_library_the_command_says_what_to_install(tmp_path: Path) -> None:
    words = ["sandbox", "--folder", str(tmp_path / "sandbox"), "--port", "0"]
    without = f"import sys; sys.modules['jinja2'] = None; from lexer_pipeline.cli.main import run_command; sys.exit(run_command({words!r}))"
    ended = subprocess.run(
        [sys.executable, "-c", without], cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip

    assert ended.returncode == 2
    assert "pip install lexer-pipeline[sandbox]" in ended.stderr


def exported(html: str) -> str:
    return html.partition("export LEXER_UPLOAD_API_TOKEN=")[2].partition("<")[0].split()[0]


def test_a_token_is_shown_with_the_address_on_the_page_of_the_one_who_made_it(sandbox: Sandbox) -> None:
    made = post(sandbox, "/tokens", name="Till 4")
    place = made.headers["Location"].partition("#")[0]
    pages = [call(sandbox, "GET", place).body.decode() for _ in range(3)]
    token = exported(pages[0])

    assert made.status == 303
    assert f"export LEXER_UPLOAD_API_URL={sandbox.url}\nexport LEXER_UPLOAD_API_TOKEN={token}<" in pages[0]
    assert ask(sandbox, token).status == 201
    assert [exported(one) for one in pages] == [token] * 3
    assert len(admin(sandbox, "GET", "tokens").json) == 1
    for other in ("/", "/?made=", "/?made=guessed"):
        assert token not in call(sandbox, "GET", other).body.decode()


def test_a_token_is_shown_no_more_once_another_is_made_or_it_is_revoked(sandbox: Sandbox) -> None:
    first, second = (post(sandbox, "/tokens", name=name).headers["Location"] for name in ("one", "two"))

    assert exported(call(sandbox, "GET", first.partition("#")[0]).body.decode()) == "..."
    assert exported(call(sandbox, "GET", second.partition("#")[0]).body.decode()) != "..."
    post(sandbox, "/tokens/revoke", id="2")
    assert exported(call(sandbox, "GET", second.partition("#")[0]).body.decode()) == "..."


def test_over_tls_the_shell_is_told_of_the_certificate(tmp_path: Path) -> None:
    with Sandbox(tmp_path / "my sandbox", tls=True) as sandbox:
        assert f"export LEXER_CA_FILE=&#39;{sandbox.ca_file}&#39;" in page(sandbox)


def test_a_token_is_revoked_with_its_button(sandbox: Sandbox) -> None:
    token = sandbox.new_token("Till 4")

    assert post(sandbox, "/tokens/revoke", id="1").status == 303
    assert ask(sandbox, token).status == 401
    assert "revoked 2" in text(page(sandbox))


def test_a_sixth_token_is_refused_on_the_page(sandbox: Sandbox) -> None:
    replies = [post(sandbox, "/tokens", name=f"Till {number}") for number in range(6)]

    assert [reply.status for reply in replies] == [303] * 5 + [409]
    assert b"Revoke one first." in replies[-1].body


def done(sandbox: Sandbox) -> list[str]:
    return re.findall(r'<li class="done" id="step-(\w+)">', page(sandbox))


def test_each_step_is_ticked_when_it_has_happened(sandbox: Sandbox) -> None:
    assert done(sandbox) == []
    token = sandbox.new_token("tests")
    assert done(sandbox) == ["token"]
    call(sandbox, "GET", "/v1/users", headers={"Auth-Api-Token": token})
    assert done(sandbox) == ["token", "shell"]
    url = ask(sandbox, token, {"filename": PRODUCTS, "destination": TO}).json["url"]
    assert done(sandbox) == ["token", "shell", "convert"]
    put(url)
    assert sandbox.wait_loaded(PATIENCE)
    assert done(sandbox) == ["token", "shell", "convert", "upload", "look"]
    sandbox.inject({"on": "ask", "do": "status"})
    ask(sandbox, token)
    assert done(sandbox) == ["token", "shell", "convert", "upload", "look", "fault"]


def test_what_the_checklist_says_to_type_can_be_typed(sandbox: Sandbox) -> None:
    typed = re.findall(r"^(?:<.*>)?lexer-pipeline (.*?)(?:<.*)?$", page(sandbox), re.M)

    assert [shlex.split(line)[0] for line in typed] == ["convert", "upload"]
    for line in typed:
        assert parser().parse_args(shlex.split(line))


@pytest.mark.parametrize(
    ("names", "taken"),
    [("usual", [True, True, False]), ("strict", [True, False, False]), ("any", [True] * 3)],
)
def test_the_rules_of_names_are_set_on_the_page(
    sandbox: Sandbox, token: str, names: str, taken: list[bool]
) -> None:
    assert post(sandbox, "/rules", names=names, allow_list="").status == 303

    asked = (PRODUCTS, "a1b2c3d4_product_1709683200.ndjson", "export.json")
    assert [ask(sandbox, token, name).status == 201 for name in asked] == taken
    assert f'<option value="{names}" selected>' in page(sandbox)


@pytest.mark.parametrize(
    ("written", "kept", "status"),
    [
        ("", [], 201),
        ("203.0.113.0/24", ["203.0.113.0/24"], 401),
        ("203.0.113.0/24, 127.0.0.1", ["203.0.113.0/24", "127.0.0.1"], 201),
        ("2001:db8::/32 127.0.0.0/8", ["2001:db8::/32", "127.0.0.0/8"], 201),
    ],
)
def test_the_allow_list_is_set_on_the_page(
    sandbox: Sandbox, token: str, written: str, kept: list[str], status: int
) -> None:
    assert post(sandbox, "/rules", names="usual", allow_list=written).status == 303
    assert admin(sandbox, "GET", "settings").json["allow_list"] == kept
    assert ask(sandbox, token).status == status


def test_an_allow_list_that_is_none_changes_nothing_and_is_told(sandbox: Sandbox) -> None:
    reply = post(sandbox, "/rules", names="strict", allow_list="10.0.0.300")

    assert reply.status == 400
    assert b"neither an address nor a network" in reply.body
    assert (sandbox.settings.allow_list, sandbox.settings.strict_names) == ((), False)


@pytest.mark.parametrize("name", orders.ORDERS)
def test_every_fault_that_the_page_offers_can_be_ordered_and_forgotten(sandbox: Sandbox, name: str) -> None:
    assert post(sandbox, "/faults", fault=name, times="2").status == 303
    (waiting,) = admin(sandbox, "GET", "faults").json
    part, said, _ = orders.ORDERS[name]

    assert orders.words(waiting) == f"{part}: {said}"
    assert f"{part}: {said} 2 to come" in text(page(sandbox))
    assert post(sandbox, "/faults/clear").status == 303
    assert admin(sandbox, "GET", "faults").json == []


@pytest.mark.parametrize(
    ("fault", "times"), [("", "1"), ("fire", "1"), ("broken", "0"), ("broken", "many"), ("broken", "101")]
)
def test_a_fault_that_makes_no_sense_is_refused_on_the_page(sandbox: Sandbox, fault: str, times: str) -> None:
    reply = post(sandbox, "/faults", fault=fault, times=times)

    assert reply.status == 400
    assert b"No fault was ordered" in reply.body
    assert admin(sandbox, "GET", "faults").json == []


@pytest.mark.parametrize(("method", "path"), [("GET", "/nowhere"), ("PUT", "/"), ("DELETE", "/tokens")])
def test_what_is_no_page_is_not_found(sandbox: Sandbox, method: str, path: str) -> None:
    assert call(sandbox, method, path).status == 404


@browsing
@pytest.mark.parametrize(
    ("width", "scheme"),
    sweep(
        [(width, scheme) for width in WIDTHS for scheme in ("light", "dark")],
        usual=[(420, "dark"), (1280, "light")],
    ),
)
def test_nothing_is_wider_than_the_window(
    sandbox: Sandbox, visit: Callable[..., Page], width: int, scheme: str
) -> None:
    for prepare in (lambda _: None, fill):
        prepare(sandbox)
        opened = visit(width, scheme)
        widest = opened.evaluate(
            "Math.max(...[...document.querySelectorAll('body *')].filter(one => !one.closest('pre'))"
            ".map(one => one.getBoundingClientRect().right))"
        )
        assert widest <= width
        assert opened.screenshot(full_page=True).startswith(b"\x89PNG")


@browsing
def test_an_opened_preview_stays_open_while_the_page_refreshes_itself(
    sandbox: Sandbox, visit: Callable[..., Page]
) -> None:
    fill(sandbox)
    opened = visit()
    preview = opened.locator("[id^=preview-a1b2c3d4]")
    preview.locator("summary").click()
    opened.locator("[id^=rejects-a1b2c3d4] summary").click()
    preview.locator("pre").evaluate("one => { one.scrollTop = 40 }")
    sandbox.clear_faults()
    ask(sandbox, sandbox.new_token("later"), "commerce_returns-20240307-a.json")

    expect(opened.locator("#uploads")).to_contain_text("commerce_returns-20240307-a.json")
    expect(preview).to_have_attribute("open", "")
    expect(opened.locator("[id^=rejects-a1b2c3d4]")).not_to_have_attribute("open", "")
    assert preview.locator("pre").evaluate("one => one.scrollTop") == 40


@browsing
def test_what_someone_is_typing_outlives_a_refresh(sandbox: Sandbox, visit: Callable[..., Page]) -> None:
    opened = visit()
    opened.locator("#allow_list").fill("192.0.2.")
    ask(sandbox, sandbox.new_token("later"))

    expect(opened.locator("#uploads")).to_contain_text(PRODUCTS)
    assert opened.locator("#allow_list").input_value() == "192.0.2."


@browsing
def test_a_reload_makes_no_second_token_and_address_and_token_are_copied_together(
    sandbox: Sandbox, visit: Callable[..., Page]
) -> None:
    opened = visit()
    opened.locator("#step-token input").fill("laptop")
    opened.locator("#step-token button").click()
    expect(opened.locator("#step-token")).to_have_class("done")
    for _ in range(3):
        opened.reload()
    opened.locator("#step-shell .copy button").click()
    expect(opened.locator("#step-shell .copy button")).to_have_text("Copied")
    lines = opened.evaluate("navigator.clipboard.readText()").splitlines()

    assert [line.partition("=")[0] for line in lines] == [
        "export LEXER_UPLOAD_API_URL",
        "export LEXER_UPLOAD_API_TOKEN",
    ]
    assert ask(sandbox, lines[1].partition("=")[2]).status == 201
    assert [one["name"] for one in admin(sandbox, "GET", "tokens").json] == ["laptop"]


@browsing
def test_the_checklist_ticks_itself_and_closes_when_all_of_it_is_done(
    sandbox: Sandbox, visit: Callable[..., Page]
) -> None:
    opened = visit()
    expect(opened.locator("#steps")).to_have_attribute("open", "")
    fill(sandbox)
    expect(opened.locator("#step-look")).to_have_class("done")
    ask(sandbox, sandbox.new_token("later"))

    expect(opened.locator("#steps")).not_to_have_attribute("open", "")
    expect(opened.locator(".progress")).to_have_text("6 of 6")
    opened.locator("#tokens input[name=name]").fill("another")
    opened.locator("#tokens form.inline button").click()
    expect(opened.locator("#lines-shell")).to_be_visible()
    sandbox.clear_faults()
    assert ask(sandbox, exported(opened.content())).status == 201


@browsing
def test_the_page_says_when_the_sandbox_is_gone(tmp_path: Path, chromium: Browser) -> None:
    with Sandbox(tmp_path / "other") as other:
        opened = chromium.new_page()
        opened.goto(other.page)
        expect(opened.locator("#gone")).to_be_hidden()
    expect(opened.locator("#gone")).to_be_visible(timeout=PATIENCE * 1000)
    opened.close()


@browsing
def test_a_fault_is_ordered_with_a_browser(sandbox: Sandbox, visit: Callable[..., Page]) -> None:
    opened = visit(420)
    opened.locator("#fault").select_option("late")
    opened.locator("#times").fill("3")
    opened.get_by_role("button", name="Order").click()

    expect(opened.locator("#faults")).to_contain_text("File: 503 after the last byte, not stored")
    (waiting,) = json.loads(admin(sandbox, "GET", "faults").body)
    assert (waiting["do"], waiting["times"]) == ("late", 3)

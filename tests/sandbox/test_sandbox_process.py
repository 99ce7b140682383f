"""The sandbox as a process: what it binds, what it leaves behind, who may speak to it."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from lexer_pipeline.errors import UsageError
from lexer_pipeline.sandbox.server import Sandbox
from sandbox_wire import GOOD, Wire, admin, ask, asking, call, put

from tests.running import environment
from tests.waiting import PATIENCE, happens

SERVE = "import sys; from pathlib import Path; from lexer_pipeline.sandbox.server import serve; serve(Path(sys.argv[1]), 0, lambda line: print(line, flush=True))"
LISTENING = "0A"


def listeners() -> set[str]:
    """The addresses on which anything listens, with the inode of the socket, as Linux tells them."""
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            cells = line.split()
            if cells[3] == LISTENING:
                found.add(f"{cells[1].split(':')[0]} {cells[9]}")
    return found


def descendants(parent: int) -> list[int]:
    """The processes below this one, as Linux tells them."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            above = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        children.setdefault(above, []).append(int(folder.name))
    below = children.get(parent, [])
    return below + [one for child in below for one in descendants(child)]


def is_alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def sockets_of(processes: list[int]) -> set[str]:
    """The inodes of the sockets that these processes hold."""
    links = [link for one in processes for link in Path(f"/proc/{one}/fd").iterdir()]
    names = [os.readlink(link) for link in links if link.is_symlink()]
    return {name[8:-1] for name in names if name.startswith("socket:[")}


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_nothing_listens_beyond_loopback(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE, str(tmp_path / "s")], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout and process.stdout.readline()
        own = sockets_of([process.pid, *descendants(process.pid)])
        addresses = [one.split()[0] for one in listeners() if one.split()[1] in own]
    finally:
        process.terminate()
        process.communicate()

    assert addresses == ["0100007F"]  # one front on 127.0.0.1; the store listens on a socket file


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_the_store_dies_with_the_sandbox(tmp_path: Path, number: int) -> None:
    (tmp_path / "tmp").mkdir()
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE, str(tmp_path / "s")],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path / "tmp")},
    )
    assert process.stdout and "http://127.0.0.1:" in process.stdout.readline()
    below = descendants(process.pid)
    assert len(below) == 2  # the guard and rclone
    process.send_signal(number)
    process.communicate()

    assert happens(lambda: not any(map(is_alive, below)))
    assert list((tmp_path / "tmp").iterdir()) == []
    assert process.returncode == (-number if number == signal.SIGKILL else 0)


@pytest.mark.parametrize(("flags", "is_strict"), [([], False), (["--strict-names"], True)])
def test_the_command_says_where_it_is_and_keeps_strict_names_if_asked(
    tmp_path: Path, flags: list[str], is_strict: bool
) -> None:
    command = [
        sys.executable,
        "-m",
        "lexer_pipeline",
        "sandbox",
        "--port",
        "0",
        "--folder",
        str(tmp_path / "s"),
    ]
    process = subprocess.Popen([*command, *flags], stdout=subprocess.PIPE, text=True, env=environment())
    try:
        assert process.stdout
        url = process.stdout.readline().split()[-1]
        with Wire(url.replace("/v1/uploads", "/sandbox/settings")) as wire:
            wire.head("GET", {})
            assert wire.reply().json["strict_names"] is is_strict
    finally:
        process.terminate()
        process.communicate()


def test_it_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with Sandbox(tmp_path / "sandbox"):
        assert len(list(tmp_path.iterdir())) == 2

    assert [path.name for path in tmp_path.iterdir()] == ["sandbox"]


def test_several_run_at_once_but_one_a_folder(tmp_path: Path) -> None:
    with Sandbox(tmp_path / "one") as one, Sandbox(tmp_path / "two") as two:
        assert put(ask(one, one.new_token("tests")).json["url"]).status == 200
        assert two.uploads() == []
        with pytest.raises(UsageError, match="already"):
            Sandbox(tmp_path / "one")
        with pytest.raises(UsageError, match="in use"):
            Sandbox(tmp_path / "three", int(one.page.rsplit(":", 1)[1].strip("/")))


def test_closing_breaks_off_what_hangs(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    with Sandbox(tmp_path / "sandbox") as sandbox:
        sandbox.inject({"on": "ask", "do": "hang_before"})
        wire = asking(sandbox, sandbox.new_token("tests"))
        assert wire.is_silent()
        assert set(threading.enumerate()) - before

    # Closing waits for what hangs, though not for ever: a thread that was not broken off would still be there.
    assert set(threading.enumerate()) <= before
    wire.socket.close()


def test_without_rclone_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.path", [str(tmp_path)])
    with pytest.raises(UsageError) as raised:
        Sandbox(tmp_path / "sandbox")

    assert raised.value.hint == "pip install lexer-pipeline[sandbox]"


def test_the_event_log_cannot_be_rewritten(sandbox: Sandbox, tmp_path: Path, token: str) -> None:
    ask(sandbox, token)
    file = sqlite3.connect(tmp_path / "sandbox" / "sandbox.sqlite3")
    for order in ("DELETE FROM events", "UPDATE events SET kind = 'stored'"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            file.execute(order)
    file.close()


def test_folder_and_objects_are_the_owners_alone(sandbox: Sandbox, tmp_path: Path, token: str) -> None:
    put(ask(sandbox, token).json["url"])
    modes = {
        path: path.stat().st_mode & 0o077 for path in (tmp_path / "sandbox").rglob("*") if path.is_file()
    }

    assert [path for path, mode in modes.items() if mode] == []
    assert (tmp_path / "sandbox").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("host", ["sandbox.example.com", "192.0.2.1:80", "127.0.0.1.example.com", "", "[::1"])
def test_a_request_by_any_other_name_is_refused(sandbox: Sandbox, token: str, host: str) -> None:
    for path in ("/", "/sandbox/events", "/v1/uploads"):
        assert call(sandbox, "GET", path, headers={"Host": host}).status == 403
    assert call(sandbox, "POST", "/v1/uploads", b"{}", {"Host": host, "Auth-Api-Token": token}).status == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://example.com"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_another_sites_page_can_do_nothing(sandbox: Sandbox, headers: dict[str, str]) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded", **headers}
    assert call(sandbox, "POST", "/tokens", b"name=x", form).status == 403
    assert (
        call(
            sandbox, "POST", "/sandbox/tokens", b'{"name":"x"}', {**form, "Content-Type": "text/plain"}
        ).status
        == 403
    )
    assert call(sandbox, "GET", "/sandbox/events", headers=headers).status == 403

    assert admin(sandbox, "GET", "tokens").json == []


def test_the_own_api_takes_json_only_and_says_what_is_wrong(sandbox: Sandbox) -> None:
    assert (
        call(sandbox, "POST", "/sandbox/tokens", b'{"name":"x"}', {"Content-Type": "text/plain"}).status
        == 400
    )
    assert [
        admin(sandbox, "POST", "settings", one).status for one in ([], {"x": 1}, {"rate": "9"}, {"rate": 0})
    ] == [400] * 4
    assert [admin(sandbox, "POST", "tokens", one).status for one in ([], {}, {"name": " "})] == [400] * 3
    assert [admin(sandbox, method, "nowhere").status for method in ("GET", "POST", "DELETE", "PUT")] == [
        404,
        404,
        404,
        405,
    ]
    assert call(sandbox, "POST", "/sandbox/faults", b"{", {"Content-Type": "application/json"}).status == 400


def test_events_can_be_read_from_a_number_on(sandbox: Sandbox, token: str) -> None:
    put(ask(sandbox, token).json["url"], GOOD)
    assert sandbox.wait_loaded(PATIENCE)
    everything = admin(sandbox, "GET", "events?since=0").json

    assert everything == sandbox.events()
    assert admin(sandbox, "GET", "events?since=2").json == everything[2:]
    assert admin(sandbox, "GET", "datasets").json == sandbox.datasets()
    assert admin(sandbox, "GET", "uploads").json == sandbox.uploads()

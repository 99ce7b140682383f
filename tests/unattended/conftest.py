"""A folder with a job, exports of invented people, and a service on this machine."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from lexer_pipeline.cli.main import run_command

from tests.upload.store import TOKEN, Store

NAME = "Qzxelinda"
HEADER = "link.email,first_name\n"
GOOD = f"{HEADER}mira.holt@example.com,{NAME}\n"
BAD = f"{HEADER}no mail {NAME},Mira\njon.eld@example.com,{NAME}\n"


@dataclass
class Ended:
    """How a command ended, and what it said."""

    code: int
    output: str
    error: str

    @property
    def json(self) -> Any:
        return json.loads(self.output)


@dataclass
class Place:
    """The working folder and its service."""

    folder: Path
    store: Store
    run: Callable[..., Ended]

    def job(self, text: str) -> None:
        (self.folder / "pipeline.toml").write_text(text, "utf-8")

    def export(self, name: str, text: str = GOOD) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")

    @property
    def states(self) -> list[str]:
        return [one["state"] for one in self.run("status", "--json").json["batches"]]


@pytest.fixture
def place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Place]:
    monkeypatch.chdir(tmp_path)
    with Store() as store:
        monkeypatch.setenv("LEXER_UPLOAD_API_URL", store.url)
        monkeypatch.setenv("LEXER_UPLOAD_API_TOKEN", TOKEN)
        monkeypatch.delenv("LEXER_NOTIFY_URLS", raising=False)

        def run(*words: str) -> Ended:
            capsys.readouterr()
            code = run_command(words)
            said = capsys.readouterr()
            return Ended(code, said.out, said.err)

        yield Place(tmp_path, store, run)

"""The sandbox's page: tokens, uploads, datasets; one HTML document without outside assets."""

import json
from collections.abc import Iterable, Sequence
from html import escape
from urllib.parse import parse_qs

from lexer_pipeline.sandbox.datasets import Dataset, datasets
from lexer_pipeline.sandbox.service import Service
from lexer_pipeline.sandbox.state import TooManyTokensError, Upload
from lexer_pipeline.sandbox.style import SCRIPT, STYLE
from lexer_pipeline.sandbox.web import Answer, Exchange, TooLargeError

SHOWN_UPLOADS = 200
SHOWN_REJECTS = 20
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = (
    ("Content-Type", "text/html; charset=utf-8"),
    ("Cache-Control", "no-store"),
    ("Content-Security-Policy", POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),
)


def answer(service: Service, exchange: Exchange) -> Answer:
    """The page, or what one of its buttons does."""
    path = exchange.path.partition("?")[0]
    if exchange.command in ("GET", "HEAD") and path == "/":
        return Answer(200, _page(service), HEADERS)
    if exchange.command != "POST" or path not in ("/tokens", "/tokens/revoke"):
        return Answer(404, b"There is no such page.\n", (("Content-Type", "text/plain"),), close=True)
    try:
        form = parse_qs(exchange.form().decode())
    except (ValueError, TooLargeError):
        return Answer(400, b"The form cannot be read.\n", (("Content-Type", "text/plain"),), close=True)
    if path == "/tokens":
        return _create(service, form.get("name", [""])[0].strip())
    number = form.get("id", [""])[0]
    if number.isdigit():
        service.state.revoke_token(int(number))
    return Answer(303, headers=(("Location", "/"),))


def _create(service: Service, name: str) -> Answer:
    try:
        secret = service.state.new_token(name or "unnamed")
    except TooManyTokensError:
        return Answer(409, _page(service, _notice("Five tokens are active. Revoke one first.")), HEADERS)
    shown = f'<p>This token is shown once. Copy it now.</p><p><code id="token">{escape(secret)}</code></p>'
    setting = f"<p>Use it: <code>export LEXER_UPLOAD_API_TOKEN={escape(secret)}</code></p>"
    return Answer(201, _page(service, f'<div class="notice fresh">{shown}{setting}</div>'), HEADERS)


def _notice(words: str) -> str:
    return f'<div class="notice">{escape(words)}</div>'


def _page(service: Service, notice: str = "") -> bytes:
    state = service.state
    last, uploads = state.last_event(), state.uploads()
    head = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Upload API sandbox</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head>'
    )
    top = (
        "<header><h1>Upload API sandbox</h1><p>Everything here stays on this machine. "
        f"<code>{escape(service.origin)}/v1/uploads</code></p></header>"
    )
    sections = (_tokens(service), _uploads(uploads), _datasets(datasets(state.loads(), uploads)))
    script = SCRIPT.replace("LAST", str(last))
    return f"{head}<body>{top}<main>{notice}{''.join(sections)}</main><script>{script}</script></body></html>".encode()


def _tokens(service: Service) -> str:
    rows = [
        (
            escape(token.name),
            _time(token.created_at),
            f"revoked {_time(token.revoked_at)}" if token.revoked_at else '<span class="good">active</span>',
            "" if token.revoked_at else _revoke(token.id),
        )
        for token in service.state.tokens()
    ]
    form = (
        '<form method="post" action="/tokens"><input name="name" required maxlength="60" '
        'placeholder="Name of the token" aria-label="Name of the token"><button>Create token</button></form>'
    )
    return _section(
        "tokens", "Tokens", form + _table(("Name", "Created", "State", ""), rows, "No tokens yet.")
    )


def _revoke(number: int) -> str:
    return (
        '<form method="post" action="/tokens/revoke">'
        f'<input type="hidden" name="id" value="{number}"><button class="quiet">Revoke</button></form>'
    )


def _uploads(uploads: list[Upload]) -> str:
    rows = [
        (
            f"{upload.id}",
            escape(upload.filename),
            _stored(upload),
            f"{upload.size:,}" if upload.size is not None else "",
            f"<code>{escape(upload.md5 or '')}</code>",
            _time(upload.stored_at or upload.granted_at),
        )
        for upload in reversed(uploads[-SHOWN_UPLOADS:])
    ]
    heads = ("Id", "File", "State", "Bytes", "MD5", "Time (UTC)")
    return _section("uploads", "Uploads", _table(heads, rows, "Nothing has been uploaded yet."))


def _stored(upload: Upload) -> str:
    if upload.stored_at:
        return '<span class="good">stored</span>'
    return "not whole" if upload.puts else "permission given"


def _datasets(found: list[Dataset]) -> str:
    body = "".join(map(_dataset, found)) or '<p class="empty">No dataset has been loaded yet.</p>'
    return _section("datasets", "Datasets", body)


def _dataset(one: Dataset) -> str:
    kind = one.record_type or one.specification
    kind = f"record type {escape(kind)}" if kind else "no load: handled by people"
    counts = (
        f'<span class="good"><b>{one.accepted:,}</b> accepted</span> '
        f'<span class="{"bad" if one.rejected else "dim"}"><b>{one.rejected:,}</b> rejected</span>'
    )
    shown = counts if one.state != "manual" else '<span class="dim">manual</span>'
    busy = ' <span class="dim">loading…</span>' if one.state == "loading" else ""
    head = f'<div class="line"><h3>{escape(one.name)}</h3><span class="dim">{kind}</span>{shown}{busy}</div>'
    return f"<article>{head}{_loads(one)}{_rejects(one)}{_preview(one)}</article>"


def _loads(one: Dataset) -> str:
    rows = [
        (
            f"{load.upload}",
            escape(load.filename),
            f"replaced by {load.replaced_by}" if load.replaced_by else load.state,
            f"{load.accepted:,}" if load.state != "manual" else "",
            f"{load.rejected:,}" if load.state != "manual" else "",
        )
        for load in one.loads[-SHOWN_UPLOADS:]
    ]
    return _table(("Upload", "File", "State", "Accepted", "Rejected"), rows, "")


def _rejects(one: Dataset) -> str:
    if not one.rejects:
        return ""
    rows = [
        (escape(row.file), f"{row.line:,}", f"<code>{escape(row.path)}</code>", escape(row.rule))
        for row in one.rejects[:SHOWN_REJECTS]
    ]
    table = _table(("File", "Line", "Path", "Rule"), rows, "")
    return f"<details open><summary>Rejected lines (the first {len(rows)})</summary>{table}</details>"


def _preview(one: Dataset) -> str:
    if not one.preview:
        return ""
    records = "\n".join(json.dumps(record, ensure_ascii=False, indent=2) for record in one.preview)
    return f"<details><summary>Preview (the first records)</summary><pre>{escape(records)}</pre></details>"


def _section(name: str, title: str, body: str) -> str:
    return f'<section id="{name}"><h2>{title}</h2>{body}</section>'


def _table(heads: Iterable[str], rows: Sequence[tuple[str, ...]], empty: str) -> str:
    """A table of cells that are HTML already."""
    if not rows:
        return f'<p class="empty">{empty}</p>' if empty else ""
    head = "".join(f"<th>{name}</th>" for name in heads)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _time(stamp: str) -> str:
    return stamp[:19].replace("T", " ")

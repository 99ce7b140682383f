"""The PUT to a presigned S3 url: exactly the recorded bytes, and an answer that is always a value.

libcurl sends the body, since it waits for the answer to `Expect: 100-continue`: over TLS, other clients do
not hear a refusal that comes while the body is under way. The last block leaves only when the SHA-256 of all
that was handed over is the recorded one, and when it is on record that it leaves; without that block S3 stores nothing.
"""

import hashlib
from collections.abc import Callable

import pycurl
from msgspec import Struct
from requests.utils import DEFAULT_CA_BUNDLE_PATH

from lexer_pipeline.uploading.body import Body, Reader, opened
from lexer_pipeline.uploading.presigned import headers, redirected, signs
from lexer_pipeline.uploading.transfer import SILENT, STALLED, STOPPED, PutResult, Transfer, Wire
from lexer_pipeline.uploading.words import address, secrets_of

EXPECT_SECONDS = 5.0
PIECE = 1 << 20
SUPPRESS_CONNECT_HEADERS = 265  # CURLOPT_SUPPRESS_CONNECT_HEADERS, which pycurl does not name
REFUSED_BY_PROXY = "refused by the proxy"
UNCONNECTED = frozenset({5, 6, 7, 35, 60, 77})
# {store} is its host, with the proxy's if there is one.
WORDS = {
    STOPPED: "stopped",
    SILENT: "{store} did not answer in time",
    STALLED: "the transfer to {store} stalled",
    5: "the name of the proxy could not be resolved on the way to {store}",
    6: "the name of {store} could not be resolved",
    7: "{store} could not be reached",
    28: "the connection to {store} timed out",
    35: "the TLS handshake with {store} failed",
    55: "the connection to {store} broke while sending",
    56: "the connection to {store} broke while waiting for the answer",
    60: "the TLS certificate of {store} was not accepted (see LEXER_CA_FILE, or ca_file in pipeline.toml)",
    REFUSED_BY_PROXY: "the proxy refused the way to {store}",
    77: "the certificate file could not be read (see LEXER_CA_FILE, or ca_file in pipeline.toml)",
}


class Watch(Struct, frozen=True):
    """Who is called during a PUT, in its thread; an exception of theirs ends it and goes on its way.

    `progress` gets (bytes sent, total), and within about a second after `stop` says so the PUT ends. `last_block` is
    called before the last block leaves: until it returns, nothing can have been stored.
    """

    progress: Callable[[int, int], None]
    stop: Callable[[], bool]
    last_block: Callable[[], None]


def put(url: str, body: Body, wire: Wire, watch: Watch) -> PutResult:
    """Send the file from byte 0 if it is the recorded one; network events come back as a value.

    Sent once more is only what no store can have taken: after a 417, without Expect, and after one 307 to the same
    object before the body left.
    """
    try:
        reader = opened(body.file)
    except OSError:
        return PutResult(connected=False, file_changed=True)
    try:
        if reader.identity() != body.identity:
            return PutResult(connected=False, file_changed=True)
        return _put(url, body, reader, wire, watch)
    finally:
        reader.close()


def _put(url: str, body: Body, reader: Reader, wire: Wire, watch: Watch) -> PutResult:
    to, expect = url, True
    followed = False
    while True:
        result, location = _try(to, body, reader, wire, watch, expect=expect)
        other = redirected(to, location) if result.status == 307 and not result.bytes_sent else None
        if other and not followed:
            to, followed = other, True
        elif result.status == 417 and expect:
            expect = False
        else:
            return result


def _try(
    url: str, body: Body, reader: Reader, wire: Wire, watch: Watch, *, expect: bool
) -> tuple[PutResult, str]:
    """What one exchange tells, and where it points."""
    size = body.identity.size
    md5 = _md5(reader, size) if signs(url, "content-md5") else ""
    transfer = Transfer(
        reader, size, body.sha256, wire, watch.progress, watch.stop, watch.last_block, EXPECT_SECONDS
    )
    try:
        result = _perform(url, body, transfer, headers(url, md5, expect=expect))
    finally:
        transfer.close()
    if transfer.failure is not None:
        raise transfer.failure
    return result, transfer.headers.get("location", "") if result.status else ""


def _md5(reader: Reader, size: int) -> str:
    """MD5 of the file, for the few urls that want to know it beforehand."""
    md5, at = hashlib.md5(usedforsecurity=False), 0
    while piece := reader.read_at(min(PIECE, size - at), at):
        md5.update(piece)
        at += len(piece)
    return md5.hexdigest()


def _perform(url: str, body: Body, transfer: Transfer, lines: list[str]) -> PutResult:
    curl = pycurl.Curl()
    error = 0
    try:
        _set_request(curl, url, lines, transfer)
        _set_connection(curl, transfer.wire)
        curl.perform()
    except pycurl.error as problem:
        # Its text may hold the host or more; the number is enough.
        error = int(problem.args[0])
    finally:
        ready = pycurl.APPCONNECT_TIME if url.lower().startswith("https:") else pycurl.CONNECT_TIME
        connected = error not in UNCONNECTED and curl.getinfo(ready) > 0
        refused = error and curl.getinfo(pycurl.HTTP_CONNECTCODE) >= 300
        curl.close()
    changed = transfer.torn or transfer.reader.identity() != body.identity
    why = transfer.ended or (REFUSED_BY_PROXY if refused else error)
    words = WORDS.get(why, f"libcurl error {error} with {{store}}" if error else "")
    broken = transfer.unread or words.replace("{store}", address(url, transfer.wire.proxy))
    return transfer.result(connected, changed, broken, (*secrets_of(url), *transfer.wire.secrets))


def _set_request(curl: pycurl.Curl, url: str, lines: list[str], transfer: Transfer) -> None:
    """What is sent, and who is called meanwhile."""
    curl.setopt(pycurl.URL, url)
    curl.setopt(pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS)
    curl.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1)
    curl.setopt(pycurl.PATH_AS_IS, 1)
    curl.setopt(pycurl.FOLLOWLOCATION, 0)
    curl.setopt(pycurl.UPLOAD, 1)
    curl.setopt(pycurl.INFILESIZE_LARGE, transfer.size)
    curl.setopt(pycurl.READFUNCTION, transfer.read)
    curl.setopt(pycurl.HEADERFUNCTION, transfer.header)
    curl.setopt(pycurl.WRITEFUNCTION, transfer.write)
    curl.setopt(pycurl.NOPROGRESS, 0)
    curl.setopt(pycurl.XFERINFOFUNCTION, transfer.watch)
    curl.setopt(pycurl.HTTPHEADER, lines)
    curl.setopt(pycurl.EXPECT_100_TIMEOUT_MS, int(transfer.expect_seconds * 1000))


def _set_connection(curl: pycurl.Curl, wire: Wire) -> None:
    """How it is sent: over a connection of its own, and by nothing that the environment says."""
    curl.setopt(pycurl.CONNECTTIMEOUT_MS, max(1, int(wire.connect_timeout * 1000)))
    curl.setopt(pycurl.NETRC, pycurl.NETRC_IGNORED)
    # An empty text, unlike none, also shuts out the proxy variables of the environment.
    curl.setopt(pycurl.PROXY, wire.proxy or "")
    curl.setopt(pycurl.NOPROXY, "")
    curl.setopt(SUPPRESS_CONNECT_HEADERS, 1)
    curl.setopt(pycurl.CAINFO, str(wire.ca_file or DEFAULT_CA_BUNDLE_PATH))
    curl.setopt(pycurl.SSL_VERIFYPEER, 1)
    curl.setopt(pycurl.SSL_VERIFYHOST, 2)
    curl.setopt(pycurl.FRESH_CONNECT, 1)
    curl.setopt(pycurl.FORBID_REUSE, 1)
    curl.setopt(pycurl.NOSIGNAL, 1)
    if wire.limit_rate:
        curl.setopt(pycurl.MAX_SEND_SPEED_LARGE, wire.limit_rate)
    curl.setopt(pycurl.UPLOAD_BUFFERSIZE, wire.buffer)

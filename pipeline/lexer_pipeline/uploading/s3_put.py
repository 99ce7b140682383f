"""The PUT to a presigned S3 url: exactly the recorded bytes, once, and an answer that is always a value.

libcurl sends the body, since it waits for the answer to `Expect: 100-continue`: over TLS, other clients do
not hear a refusal that comes while the body is under way. The last block leaves only when the SHA-256 of all
that was handed over is the recorded one; without that block S3 stores nothing.
"""

import os
from collections.abc import Callable

import pycurl
from requests.utils import DEFAULT_CA_BUNDLE_PATH

from lexer_pipeline.system import files
from lexer_pipeline.uploading.body import Body, Identity
from lexer_pipeline.uploading.presigned import headers
from lexer_pipeline.uploading.transfer import PutResult, Transfer, Wire

EXPECT_SECONDS = 5.0
SUPPRESS_CONNECT_HEADERS = 265  # CURLOPT_SUPPRESS_CONNECT_HEADERS, which pycurl does not name
UNCONNECTED = frozenset({5, 6, 7, 35, 60, 77})
WORDS = {
    5: "the proxy's name could not be resolved",
    6: "the store's name could not be resolved",
    7: "the store refused the connection",
    28: "the connection timed out",
    35: "the TLS handshake failed",
    55: "the connection broke while sending",
    56: "the connection broke while waiting for the answer",
    60: "the store's TLS certificate was not accepted (see LEXER_CA_FILE)",
    77: "the certificate file could not be read (see LEXER_CA_FILE)",
}


def put(
    url: str, body: Body, wire: Wire, *, progress: Callable[[int, int], None], stop: Callable[[], bool]
) -> PutResult:
    """Send the file from byte 0 if it is the recorded one; network events come back as a value.

    `progress` gets (bytes sent, total) and runs in this thread. It aborts within about a second after
    `stop` says so.
    """
    try:
        descriptor = files.open_to_read(body.file)
    except OSError:
        return PutResult(connected=False, file_changed=True)
    try:
        if Identity.of(descriptor) != body.identity:
            return PutResult(connected=False, file_changed=True)
        size = body.identity.size
        transfer = Transfer(descriptor, size, body.sha256, wire, progress, stop, EXPECT_SECONDS)
        try:
            result = _perform(url, body, transfer)
        finally:
            transfer.digest.close()
    finally:
        os.close(descriptor)
    if transfer.failure is not None:
        raise transfer.failure
    return result


def _perform(url: str, body: Body, transfer: Transfer) -> PutResult:
    curl = pycurl.Curl()
    error = 0
    try:
        _set_request(curl, url, body.md5, transfer)
        _set_connection(curl, transfer.wire)
        curl.perform()
    except pycurl.error as problem:
        # Its text may hold the host or more; the number is enough.
        error = int(problem.args[0])
    finally:
        ready = pycurl.APPCONNECT_TIME if url.lower().startswith("https:") else pycurl.CONNECT_TIME
        connected = error not in UNCONNECTED and curl.getinfo(ready) > 0
        curl.close()
    changed = transfer.torn or Identity.of(transfer.descriptor) != body.identity
    detail = transfer.detail or WORDS.get(error, f"libcurl error {error}" if error else "")
    return transfer.result(connected, changed, detail)


def _set_request(curl: pycurl.Curl, url: str, md5: str, transfer: Transfer) -> None:
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
    curl.setopt(pycurl.HTTPHEADER, headers(url, md5))
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

"""PUT to a presigned url: what AWS would refuse is refused before the body, the rest streams into the store."""

import hashlib
import re
import secrets
from datetime import UTC, datetime

from msgspec import Struct

from lexer_pipeline.sandbox import aws, hostile
from lexer_pipeline.sandbox.aws import Refusal
from lexer_pipeline.sandbox.body import BROKEN, LEFT, ORDERED, STALLED, Body
from lexer_pipeline.sandbox.faults import Fault
from lexer_pipeline.sandbox.service import BUCKET, Service
from lexer_pipeline.sandbox.store import StoreError, Transfer
from lexer_pipeline.sandbox.web import Answer, Exchange

KEY = re.compile(rf"/{BUCKET}/uploads/(\d{{1,15}})/([A-Za-z0-9_.-]+)")
LOGGED_HEADERS = frozenset(
    {
        "host",
        "content-length",
        "content-type",
        "transfer-encoding",
        "expect",
        "connection",
        "user-agent",
        "accept",
    }
)
CODES = {
    400: "RequestTimeout",
    403: "SignatureDoesNotMatch",
    408: "RequestTimeout",
    429: "TooManyRequests",
    503: "SlowDown",
}


class Put(Struct):
    """One PUT from its headers to its answer."""

    service: Service
    exchange: Exchange
    upload: int | None
    filename: str
    fault: Fault | None
    length: int = 0

    def answer(self) -> None:
        """Store the object and say so, or refuse, or do what a fault orders."""
        if ordered := self._ordered_refusal():
            self._refuse(ordered, self._ordered_headers())
            return
        if refusal := self._refusal():
            self._refuse(refusal)
            return
        try:
            started = self._begin()
        except StoreError:
            started = _internal()
        if isinstance(started, Refusal):
            self._refuse(started)
            return
        try:
            self._receive(started)
        finally:
            started.close()

    def _ordered_refusal(self) -> Refusal | None:
        fault = self.fault
        if not fault:
            return None
        if fault.do == "hang":
            self.exchange.wait(fault.seconds)
            self.exchange.drop()
        if fault.do == "expired":
            moment = self.service.clock()
            return aws.expired(moment, moment)
        if fault.do == "redirect":
            return Refusal(fault.status, "TemporaryRedirect", "Please re-send this request elsewhere.")
        return _ordered(fault) if fault.do == "early" else None

    def _ordered_headers(self) -> tuple[tuple[str, str], ...]:
        fault = self.fault
        if fault and fault.do == "redirect":
            return (("Location", fault.location),)
        return hostile.retry_after(fault.retry_after) if fault else ()

    def _refusal(self) -> Refusal | None:
        """What AWS refuses at the headers, whatever the signature is."""
        headers = self.exchange.headers
        if "Authorization" in headers:
            return Refusal(400, "InvalidArgument", "Only one auth mechanism allowed")
        query = aws.read_query(self.exchange.path.partition("?")[2])
        if isinstance(query, Refusal):
            return query
        unsigned = [
            name for name in map(str.lower, headers) if name.startswith("x-amz-") or name == "content-md5"
        ]
        if unsigned := sorted(set(unsigned) - query.signed_headers):
            words = "There were headers present in the request which were not signed"
            return Refusal(403, "AccessDenied", words, (("HeadersNotSigned", ", ".join(unsigned)),))
        if self.service.clock() > query.expires_at:
            return aws.expired(query.expires_at, self.service.clock())
        return self._length_refusal()

    def _length_refusal(self) -> Refusal | None:
        headers = self.exchange.headers
        if "Transfer-Encoding" in headers:
            words = "A header you provided implies functionality that is not implemented"
            return Refusal(501, "NotImplemented", words, (("Header", "Transfer-Encoding"),))
        lengths = headers.get_all("Content-Length", [])
        if not lengths:
            return Refusal(411, "MissingContentLength", "You must provide the Content-Length HTTP header.")
        if len(set(lengths)) > 1 or not (lengths[0].isascii() and lengths[0].isdigit()):
            return Refusal(400, "InvalidArgument", "Content-Length is not a number.")
        self.length = int(lengths[0])
        if self.length > self.service.settings.largest:
            words = "Your proposed upload exceeds the maximum allowed size"
            sizes = (
                ("ProposedSize", str(self.length)),
                ("MaxSizeAllowed", str(self.service.settings.largest)),
            )
            return Refusal(400, "EntityTooLarge", words, sizes)
        return None

    def _begin(self) -> Transfer | Refusal:
        host, target = self.exchange.headers.get("Host", ""), self.exchange.path
        if self.service.settings.clock_offset:
            # The store goes by this machine's clock and would refuse a url made by the service's clock.
            if not aws.genuine(host, target, self.service.keys):
                return aws.mismatch()
            target = self.service.presign(target.partition("?")[0], datetime.now(UTC), 60)
        started = self.service.store.begin(target, {"Host": host}, self.length)
        if isinstance(started, Refusal) and started.code == "AccessDenied" and started.status == 400:
            moment = self.service.clock()  # it expired between the front's look and the store's
            return aws.expired(moment, moment)
        return started

    def _receive(self, transfer: Transfer) -> None:
        body = Body(self.exchange, self.fault, self.length)
        ended = body.receive(transfer, self.service.settings.stall_seconds)
        self._log("received", bytes=body.received, complete=body.received == self.length, ended=ended)
        if ended == STALLED:
            words = "Your socket connection to the server was not read from or written to within the timeout period."
            self._refuse(Refusal(400, "RequestTimeout", words))
        elif ended == BROKEN:
            self._refuse(_internal())
        elif ended == ORDERED:
            self.exchange.reset()
        elif ended == LEFT:
            self.exchange.close_connection = True
        else:
            self._finish(transfer)

    def _finish(self, transfer: Transfer) -> None:
        fault = self.fault
        if fault and fault.do == "late" and not fault.stored:
            self._refuse(_ordered(fault), hostile.retry_after(fault.retry_after))
            return
        try:
            etag = transfer.finish()
        except StoreError:
            etag = _internal()
        if isinstance(etag, Refusal):
            self._refuse(etag)
            return
        self._keep(etag)
        if fault and fault.do == "late":
            self._refuse(_ordered(fault), hostile.retry_after(fault.retry_after))
            return
        self._tell(etag, fault)

    def _keep(self, etag: str) -> None:
        self._log("stored", md5=etag, size=self.length)
        if self.upload is not None:
            self.service.state.stored(self.upload, self.length, etag)
            if self.service.store.keeps:
                self.service.loader.add(self.upload)

    def _tell(self, etag: str, fault: Fault | None) -> None:
        if fault and fault.do == "stored_reset":
            self.exchange.reset()
        if fault and fault.do == "stored_hang":
            self.exchange.wait(fault.seconds)
            self.exchange.drop()
        if fault and fault.do == "slow":
            self.exchange.wait(fault.seconds)
        told = _told(etag, fault)
        headers = (("ETag", f'"{told}"'),) if told else ()
        self._log("answered", status=200, code="")
        hostile.send(self.exchange, Answer(200, b"", (*headers, *_amazon())), fault)

    def _refuse(self, refusal: Refusal, headers: tuple[tuple[str, str], ...] = ()) -> None:
        """Answer with S3's XML and close, since the body may be unread."""
        _answered(self.service, self.upload, self.filename, refusal)
        kind = ("Content-Type", "application/xml")
        amazon = _amazon()
        self.exchange.send(
            Answer(refusal.status, refusal.xml(amazon[0][1]), (kind, *headers, *amazon), close=True)
        )

    def _log(self, kind: str, **data: object) -> None:
        self.service.state.log(kind, self.upload, **data)


def put(service: Service, exchange: Exchange) -> None:
    """Answer a request to the store's part of the sandbox."""
    path = exchange.path.partition("?")[0]
    key = KEY.fullmatch(path)
    known = service.state.upload(int(key[1])) if key else None
    number, filename = (known.id, known.filename) if known else (None, key[2] if key else "")
    if number is not None:
        service.arriving.add(number)
    service.state.log("begun", number, filename=filename, method=exchange.command, headers=_shown(exchange))
    if exchange.command != "PUT":  # the signature covers the method
        refusal = aws.mismatch()
        _answered(service, number, filename, refusal)
        exchange.send(Answer(403, refusal.xml(""), (("Content-Type", "application/xml"),), close=True))
        return
    if number is not None:
        service.state.begun(number)
    try:
        Put(service, exchange, number, filename, service.fault("put", filename, number)).answer()
    finally:
        service.arriving.discard(number or 0)


def _answered(service: Service, upload: int | None, filename: str, refusal: Refusal) -> None:
    service.arriving.discard(upload or 0)  # before the answer leaves, so that whoever hears it finds it so
    told = {"status": refusal.status, "code": refusal.code, "message": refusal.message}
    service.state.log("answered", upload, filename=filename, **told)


def _shown(exchange: Exchange) -> dict[str, str]:
    """The headers by name; a value only where none can be a secret."""
    headers = exchange.headers.items()
    return {
        name.lower(): value if name.lower() in LOGGED_HEADERS else "(not kept)" for name, value in headers
    }


def _ordered(fault: Fault) -> Refusal:
    return Refusal(fault.status, fault.code or CODES.get(fault.status, "InternalError"), "Ordered.")


def _internal() -> Refusal:
    return Refusal(500, "InternalError", "We encountered an internal error. Please try again.")


def _told(etag: str, fault: Fault | None) -> str:
    """The ETag to tell, which a fault may replace."""
    spoilt = {
        "wrong_etag": hashlib.md5(etag.encode(), usedforsecurity=False).hexdigest(),
        "kms_etag": f"{etag}-1",
        "no_etag": "",
    }
    return spoilt.get(fault.do, etag) if fault else etag


def _amazon() -> tuple[tuple[str, str], ...]:
    return (("x-amz-request-id", secrets.token_hex(8).upper()), ("x-amz-id-2", secrets.token_urlsafe(48)))

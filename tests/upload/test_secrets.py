"""The token and the signature of a url stand nowhere but in the requests that need them."""

import json
import logging
import traceback
from pathlib import Path

import pytest
from lexer_pipeline.outbox.entry import Content
from lexer_pipeline.outbox.ledger import entries
from lexer_pipeline.system.hiding import Hiding
from lexer_pipeline.uploading.lexer_api import LexerApi
from lexer_pipeline.uploading.options import UploadOptions
from lexer_pipeline.uploading.permit import Grant
from lexer_pipeline.uploading.send import upload
from lexer_pipeline.uploading.settings import Settings, Token
from lexer_pipeline.uploading.transfer import Wire
from rich.pretty import pretty_repr

from tests.upload.helpers import HASTY, entry, prepared, send, settings, start
from tests.upload.store import SIGNATURE, TOKEN, Store

SECRETS = (TOKEN, SIGNATURE, "X-Amz-Signature", "X-Amz-Expires")
FAULTS = [
    "reset-at-once", "stored-reset", "refuse:503:SlowDown", "refuse:403:SignatureDoesNotMatch", "stored-hang",
    "refuse:307:Location:http://127.0.0.1:9/?X-Amz-Signature=1", "etag:no", "refuse:403:AccessDenied:Request has expired",
    f"refuse:403:SignatureDoesNotMatch:PUT https://s3.example.com/k?X-Amz-Signature={SIGNATURE} with {TOKEN}",
    f"refuse:400:InvalidRequest:Auth-Api-Token={TOKEN} X-Amz-Expires=900",
]  # fmt: skip


def secret_in(text: str) -> list[str]:
    return [secret for secret in SECRETS if secret in text]


@pytest.mark.parametrize("fault", FAULTS)
def test_no_secret_in_any_output_log_or_file(
    store: Store, out: Path, fault: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    store.put_faults = [fault]
    echo = json.dumps({"message": f"{TOKEN} may not see https://s3.example.com/?X-Amz-Signature={SIGNATURE}"})
    store.post_faults = ["reset", "status:500", f"words:503:{echo}"]
    batch = prepared(out)

    (receipt,) = send(store, out, batch, settings=HASTY if fault == "stored-hang" else {})

    printed = "".join(capfd.readouterr())
    assert not secret_in(caplog.text + printed + repr(receipt) + repr(entries(out)) + receipt.reason)
    ended = entry(out).state in ("sent", "refused", "in_doubt")
    assert ended
    for path in out.rglob("*"):
        assert path.is_dir() or not secret_in(path.read_bytes().decode("latin-1")), path


def test_no_secret_in_what_is_shown_of_a_grant_or_of_settings(store: Store) -> None:
    service = LexerApi(settings(store))
    asked = service.ask("customers.json", None, "")

    assert isinstance(asked, Grant)
    assert SIGNATURE in asked.url
    assert not secret_in(repr(asked) + str(asked) + repr(service) + str(settings(store).token))


def test_no_secret_in_the_ledgers_repr_while_it_holds_the_url(store: Store, out: Path) -> None:
    store.put_faults = ["stored-reset"]
    send(store, out, prepared(out), settings={"tries": 1})

    assert SIGNATURE in (entry(out).url or "")
    assert not secret_in(repr(entry(out)))


def test_no_secret_in_a_traceback(store: Store, out: Path) -> None:
    def fail(_: object) -> None:
        raise RuntimeError("a callback failed")

    with pytest.raises(RuntimeError) as caught:
        upload([prepared(out)], out, settings(store), UploadOptions(progress=fail))
    text = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=False).format())
    assert not secret_in(text)


def test_no_secret_in_the_output_of_a_process_that_cannot_reach_anything(out: Path) -> None:
    batch = prepared(out)
    with Store() as store:
        pass
    order = {"url": store.url, "out": str(out), "batches": [str(batch.path)], "settings": {"tries": 2}}
    process = start("tests.upload.driver", order)
    said = process.communicate(timeout=300)

    assert process.returncode == 5
    assert not secret_in("".join(said))


def test_a_value_hides_its_secrets_from_whatever_prints_it() -> None:
    hiding = list(Hiding.__subclasses__())
    assert {Settings, Token, Grant, Content} <= set(hiding)
    wire = Wire(proxy="http://a:secret@proxy", secrets=("secret",))
    for shown in (repr(wire), str(wire), f"{wire}", pretty_repr(wire), str([wire])):
        assert "secret" not in shown
        assert "stall_timeout" in shown

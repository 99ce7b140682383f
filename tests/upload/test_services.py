"""The contract of permit.py, held up to each service: the vendor's API, as the sandbox has it, and a bucket."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from lexer_pipeline.errors import UsageError
from lexer_pipeline.outbox.batch import PreparedBatch
from lexer_pipeline.sandbox.server import Sandbox
from lexer_pipeline.uploading import send
from lexer_pipeline.uploading.lexer_api import LexerApi
from lexer_pipeline.uploading.permit import Grant, Refusal, UploadService
from lexer_pipeline.uploading.receipts import exit_code
from lexer_pipeline.uploading.s3_put import put
from lexer_pipeline.uploading.settings import Settings, Token
from lexer_pipeline.uploading.transfer import Wire
from msgspec.structs import replace

from tests.upload.bucket import Bucket
from tests.upload.helpers import body_of, entry, md5_of, prepared, upload_by, watch
from tests.upload.store import SIGNATURE, Store
from tests.waiting import PATIENCE

NAME = "commerce_products-20240306-a"
DATASET = "a1b2c3d4"
PRODUCT = b'{"product_id":"kettle-1","name":"Kettle"}\n'
WRONG = "no-token-of-this-service"
TWICE = Settings(connect_timeout=PATIENCE, stall_timeout=PATIENCE, answer_timeout=PATIENCE, tries=2)


@dataclass(frozen=True)
class Stand:
    """A service on trial, the same while it lets nobody in and while nobody answers, and the MD5 of what it stored."""

    service: UploadService
    barred: UploadService
    silent: UploadService
    stored: Callable[[str], str]
    secrets: tuple[str, ...]


@pytest.fixture(scope="module")
def lexer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    with Sandbox(tmp_path_factory.mktemp("services") / "sandbox") as sandbox:
        token = sandbox.new_token("trial")
        sandbox.set(rate=10_000)
        settings = replace(TWICE, token=Token(token), url=sandbox.url, datasets={"product": DATASET})
        yield Stand(
            LexerApi(settings),
            LexerApi(replace(settings, token=Token(WRONG))),
            LexerApi(replace(settings, url="http://127.0.0.1:9/v1/uploads")),
            lambda upload_id: next(one["md5"] for one in sandbox.uploads() if str(one["id"]) == upload_id),
            (token, WRONG, "X-Amz-Signature"),
        )
        assert [event for event in sandbox.events() if event["kind"] == "defect"] == []


@pytest.fixture
def bucket(store: Store) -> Stand:
    return Stand(
        Bucket(store),
        Bucket(store, Refusal(403, hint="ask for a bucket of your own")),
        Bucket(store, Refusal(0, "the bucket does not answer")),
        lambda upload_id: dict(store.stored)[upload_id],
        (SIGNATURE,),
    )


@pytest.fixture(params=["lexer", "bucket"])
def stand(request: pytest.FixtureRequest) -> Stand:
    found: Stand = request.getfixturevalue(request.param)
    return found


def granted(service: UploadService) -> Grant:
    answer = service.ask(f"{NAME}.json", "product", DATASET)
    assert isinstance(answer, Grant)
    return answer


def product(out: Path, data: bytes = PRODUCT) -> PreparedBatch:
    return prepared(
        out, NAME, data, specification="commerce_products", record_type="product", destination=DATASET
    )


def test_a_place_takes_the_file_by_one_put(stand: Stand, out: Path) -> None:
    batch, grant = product(out), granted(stand.service)

    answer = put(
        grant.url,
        body_of(batch.file),
        Wire(PATIENCE, PATIENCE, PATIENCE),
        watch(),
    )

    assert (answer.status, answer.etag) == (200, md5_of(batch))
    assert stand.stored(grant.upload_id) == md5_of(batch)


def test_a_place_is_good_for_a_while(stand: Stand) -> None:
    expires_at = granted(stand.service).expires_at

    assert expires_at is None or expires_at > time.time() + 60


def test_each_permit_is_one_of_its_own_whoever_asks_at_once(stand: Stand) -> None:
    with ThreadPoolExecutor(4) as pool:
        grants = list(pool.map(lambda _: granted(stand.service), range(8)))

    assert len({grant.upload_id for grant in grants}) == len({grant.url for grant in grants}) == 8


def test_a_no_is_a_value(stand: Stand) -> None:
    barred, silent = (one.ask(f"{NAME}.json", "product", DATASET) for one in (stand.barred, stand.silent))

    assert isinstance(barred, Refusal)
    assert isinstance(silent, Refusal)
    assert barred.status in (401, 403)
    assert barred.hint
    assert silent.status == 0
    assert silent.words


@pytest.mark.parametrize(("record_type", "dataset"), [("product", DATASET), ("product", ""), (None, "")])
def test_a_place_is_given_with_a_dataset_and_without_one(
    stand: Stand, record_type: str | None, dataset: str
) -> None:
    assert isinstance(stand.service.ask(f"{NAME}.json", record_type, dataset), Grant)


def test_its_names_are_texts_of_one_line_that_stay(stand: Stand) -> None:
    def texts(service: UploadService) -> tuple[str, str]:
        return service.name, service.former_name

    name, former = texts(stand.service)

    assert texts(stand.barred) == texts(stand.service) == (name, former)
    assert name
    assert (name + former).isprintable()


def test_no_text_of_it_holds_a_secret(stand: Stand) -> None:
    texts: list[object] = []
    for service in (stand.service, stand.barred, stand.silent):
        texts += (
            service,
            service.name,
            service.former_name,
            service.ask(f"{NAME}.json", "product", DATASET),
        )

    assert not [secret for secret in stand.secrets if secret in repr(texts)]


def test_a_batch_goes_there_and_the_ledger_knows_where_that_is(stand: Stand, out: Path) -> None:
    service, batch = stand.service, product(out)

    (receipt,) = upload_by([batch], out, TWICE, service=service)

    assert (receipt.state, receipt.verified, exit_code([receipt])) == ("sent", True, 0)
    assert stand.stored(receipt.upload_id) == md5_of(batch)
    assert (
        (entry(out).service, entry(out).dataset)
        == (receipt.service, receipt.dataset)
        == (service.name, DATASET)
    )
    assert upload_by([batch], out, TWICE, service=service) == (receipt,)


def test_where_nobody_is_let_in_the_run_stops_and_says_what_to_do(stand: Stand, out: Path) -> None:
    (receipt,) = upload_by([product(out)], out, TWICE, service=stand.barred)

    assert (receipt.state, exit_code([receipt])) == ("prepared", 4)
    assert receipt.reason.endswith(refusal(stand.barred).hint)


def test_where_nobody_answers_the_next_run_goes_on(stand: Stand, out: Path) -> None:
    batch = product(out)

    (receipt,) = upload_by([batch], out, TWICE, service=stand.silent, sleep=lambda _: None)

    assert (receipt.state, exit_code([receipt])) == ("prepared", 5)
    assert refusal(stand.silent).words in receipt.reason
    assert upload_by([batch], out, TWICE, service=stand.service)[0].state == "sent"


def refusal(service: UploadService) -> Refusal:
    answer = service.ask(f"{NAME}.json", "product", DATASET)
    assert isinstance(answer, Refusal)
    return answer


def test_without_a_token_the_vendor_cannot_be_asked_but_is_known(out: Path) -> None:
    service = LexerApi(Settings(account="northwind"))

    assert (service.name, service.former_name) == (
        "https://api.lexer.io/v1/uploads northwind",
        "api.lexer.io",
    )
    with pytest.raises(UsageError, match="no upload token"):
        service.check()


def test_only_where_an_upload_begins_is_the_vendor_chosen() -> None:
    folder = Path(send.__file__).parent
    knowing = {path.stem for path in folder.glob("*.py") if "lexer_api import" in path.read_text("utf-8")}

    assert knowing == {"send", "as_is"}


@pytest.mark.parametrize(
    ("upload_id", "url"),
    [("", "https://s3.example.com/k"), ("7 8", "https://s3.example.com/k"), ("7", "http://s3.example.com/k")],
)
def test_a_place_that_data_may_not_be_sent_to_is_no_grant(upload_id: str, url: str) -> None:
    with pytest.raises(ValueError, match="no usable id and url") as caught:
        Grant(upload_id, url, None)
    assert "example" not in str(caught.value)

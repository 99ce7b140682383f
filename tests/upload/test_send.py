"""`upload` as a library call: which batches it means, whose settings hold, and the runtime that a caller may give."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from lexer_pipeline.errors import UsageError
from lexer_pipeline.system.runtime import Runtime
from lexer_pipeline.uploading.options import Progress, UploadOptions
from lexer_pipeline.uploading.send import upload

from tests.upload.helpers import LINE, prepared, settings
from tests.upload.store import TOKEN, Store


def test_without_batches_all_that_waits_is_sent_and_what_is_held_is_named_each_time(
    store: Store, out: Path
) -> None:
    for number, state in enumerate(("prepared", "prepared", "held"), 1):
        prepared(out, f"customers_{number}-20240306-a", LINE * number, state)

    assert [receipt.state for receipt in upload(None, out, settings(store))] == ["sent", "sent", "held"]
    assert [receipt.state for receipt in upload(None, out, settings(store))] == ["held"]
    assert len(store.posts) == 2


def test_an_out_folder_that_is_not_there_is_no_empty_one(store: Store, out: Path) -> None:
    with pytest.raises(UsageError, match="no such folder"):
        upload(None, out / "nowhere", settings(store))
    assert not (out / "nowhere").exists()


def test_no_batches_are_not_all_batches(store: Store, out: Path) -> None:
    prepared(out)

    assert upload([], out, settings(store)) == ()
    assert store.posts == []


def test_a_batch_is_named_by_its_folder_or_as_prepare_returns_it(store: Store, out: Path) -> None:
    batch = prepared(out)

    (receipt,) = upload([batch], out, settings(store))

    assert upload([str(batch.path)], str(out), settings(store)) == upload(
        [batch.path, batch], out, settings(store)
    )
    assert upload([batch.path], out, settings(store)) == (receipt,)
    with pytest.raises(UsageError, match="not a prepared batch"):
        upload([out / "nowhere"], out, settings(store))


def test_without_settings_those_of_the_environment_and_the_working_folder_hold(
    store: Store, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEXER_UPLOAD_API_URL", store.url)
    monkeypatch.setenv("LEXER_UPLOAD_API_TOKEN", TOKEN)
    monkeypatch.chdir(out.parent)
    Path("pipeline.toml").write_text('[datasets]\ncustomer_record = "a1b2c3d4"\n')
    prepared(out)

    assert [receipt.state for receipt in upload()] == ["sent"]
    assert b"a1b2c3d4" in store.posts[0].body


def test_progress_ends_with_the_whole_file(store: Store, out: Path) -> None:
    batch, seen = prepared(out), list[Progress]()

    upload([batch], out, settings(store), UploadOptions(progress=seen.append))

    assert (seen[-1].name, seen[-1].sent) == (batch.manifest.file, batch.manifest.bytes)


def test_a_caller_that_wants_to_stop_is_heard_before_anything_is_asked(store: Store, out: Path) -> None:
    (receipt,) = upload([prepared(out)], out, settings(store), runtime=Runtime(stop=lambda: True))

    assert (receipt.state, receipt.reason) == ("prepared", "interrupted; the next upload goes on from here")
    assert store.posts == []


def test_a_stop_that_fails_does_not_lose_the_upload_and_is_raised_once(
    store: Store, out: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    batch = prepared(out)

    def fail_meanwhile() -> bool:
        if store.puts:
            raise RuntimeError("a callback failed")
        return False

    with pytest.raises(RuntimeError, match="a callback failed"):
        upload([batch], out, settings(store), runtime=Runtime(stop=fail_meanwhile))
    assert capfd.readouterr().err == ""  # libcurl would print what a callback raises
    assert upload([batch], out, settings(store))[0].upload_id == "101"


def test_now_is_the_time_of_the_clock_in_utc() -> None:
    assert Runtime(clock=lambda: 1709683200.0).now() == datetime(2024, 3, 6, tzinfo=UTC)

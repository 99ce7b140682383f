"""How an object store is opened: credentials and region from the places where people keep them, and words for what goes wrong.

obstore itself reads the variables of each cloud, web identities, and the metadata of containers and machines; profiles of AWS it does
not read. What it raises quotes addresses and answers, so none of its words are shown.
"""

import configparser
import errno
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from lexer_pipeline.errors import PipelineError, ServiceUnavailable, StoreRefused, UsageError
from lexer_pipeline.system.hosts import is_loopback

INSTALL = "pip install 'lexer-pipeline[stores]'"
ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")
STATIC = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
# What of a profile needs a program or a login of its own.
UNREAD = ("sso_session", "sso_start_url", "credential_process", "role_arn", "source_profile", "login_session")
EXPORT = 'eval "$(aws configure export-credentials --format env)"'
# For a whole request: a piece of a large object over a slow line, and a copy within the store, which says nothing meanwhile.
SECONDS, COPY_SECONDS = 300, 1800
RETRIES: Mapping[str, Any] = MappingProxyType(
    {
        "max_retries": 4,
        "retry_timeout": timedelta(seconds=60),
        "backoff": {
            "init_backoff": timedelta(milliseconds=200),
            "max_backoff": timedelta(seconds=5),
            "base": 2,
        },
    }
)
# Of an answer or an error, what tells the cause, and what that is; the first that is found holds.
NO_BUCKET = ("NoSuchBucket", "ContainerNotFound", "The specified bucket does not exist")
NO_RIGHTS = (
    "PermissionDenied",
    "403 Forbidden",
    "AccessDenied",
    "AuthorizationFailure",
    "AuthorizationPermissionMismatch",
)
NO_KEY = (
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "ExpiredToken",
    "InvalidToken",
    "AuthenticationFailed",
    "401 Unauthorized",
)
NO_CREDENTIALS = (
    "169.254.169.254", "169.254.170.2", "fd00:ec2::254", "metadata.google.internal", "MissingToken", "No credentials",
    "Invalid credentials", "missing credentials", "AssumeRoleWithWebIdentity",
)  # fmt: skip
NO_REGION = (
    "PermanentRedirect",
    "301 Moved",
    "AuthorizationHeaderMalformed",
    "IllegalLocationConstraint",
    "bare redirect",
)
NO_ACCOUNT = ("Account must be specified", "MissingAccount", "account name")


def opened(root: str, seconds: int = SECONDS, environ: Mapping[str, str] = os.environ) -> Any:
    """The bucket or container at this address, to which nothing was said so far."""
    library = _library()
    config: dict[str, Any] = {}
    options: dict[str, Any] = {
        "timeout": timedelta(seconds=seconds),
        "connect_timeout": timedelta(seconds=10),
    }
    if root.startswith("s3:"):
        config = _aws(environ)
        endpoint = next((environ[name] for name in ENDPOINTS if environ.get(name)), "")
        if endpoint.lower().startswith("http:"):
            if not is_loopback(urlsplit(endpoint).hostname or "") and environ.get(
                "AWS_ALLOW_HTTP", ""
            ).lower() not in ("1", "true"):
                raise UsageError(
                    "AWS_ENDPOINT_URL is an http address, which would send customer data without encryption",
                    "Name an https address; AWS_ALLOW_HTTP=true says that this one is meant.",
                )
            options["allow_http"] = True
    try:
        return library.store.from_url(
            root, config=config or None, client_options=options, retry_config=dict(RETRIES)
        )
    except library.exceptions.BaseError as problem:
        raise _words(str(problem), root) from None
    except ValueError:
        raise UsageError(
            f"{root}: is no address of a bucket", "Write it as in s3://bucket/batches."
        ) from None


def writer(store: Any, key: str, piece: int, pieces: int) -> Any:
    """A new object that is written from its beginning to its end; it is there once it is closed."""
    return _library().open_writer(store, key, buffer_size=piece, max_concurrency=pieces)


def _library() -> Any:
    try:
        import_module("obstore.store")
        return import_module("obstore")
    except ImportError:
        raise UsageError(
            "batches in an object store need the package obstore, which is not installed", INSTALL
        ) from None


@contextmanager
def worded(root: str, path: str) -> Iterator[None]:
    """Turn what the library raises about an object into words; what is not there is a FileNotFoundError, as it is on a disk."""
    errors = _library().exceptions
    try:
        yield
    except FileNotFoundError as problem:
        if any(sign in str(problem) for sign in NO_BUCKET):
            raise _words(str(problem), root) from None
        raise FileNotFoundError(errno.ENOENT, "there is no such object", path) from None
    except errors.PreconditionError:
        raise OSError(errno.ESTALE, "it was changed while it was read", path) from None
    except errors.AlreadyExistsError:
        raise FileExistsError(errno.EEXIST, "there is such an object already", path) from None
    except errors.InvalidPathError:
        raise UsageError(
            f"{path}: is no address of a folder", "Write it as in s3://bucket/batches."
        ) from None
    except errors.BaseError as problem:
        raise _words(f"{type(problem).__name__} {problem}", root) from None


def _words(text: str, root: str) -> PipelineError:
    """What went wrong with a bucket, told from the library's words, of which none are shown."""

    def says(*signs: str) -> bool:
        return any(sign in text for sign in signs)

    remedy = _REMEDIES[root.partition(":")[0]]
    if says(*NO_BUCKET):
        return StoreRefused(
            f"{root}: there is no such bucket",
            "Check its name, and whose credentials are used; a bucket is made with the tools of its cloud.",
        )
    if says(*NO_KEY):
        return StoreRefused(
            f"{root}: the store does not take the credentials of this machine",
            f"They are wrong, or have ended. {remedy}",
        )
    if says(*NO_REGION):
        return StoreRefused(
            f"{root}: the bucket lies in another region",
            "Name the region of the bucket: export AWS_REGION=...",
        )
    if says(*NO_CREDENTIALS):
        return StoreRefused(f"{root}: there are no credentials for it on this machine", remedy)
    if says(*NO_RIGHTS):
        return StoreRefused(
            f"{root}: the credentials of this machine have no right to it",
            "They need to list the bucket, and to get, put and delete objects below the folder of batches.",
        )
    if says(*NO_ACCOUNT):
        return StoreRefused(f"{root}: no account is named", _REMEDIES["az"])
    return ServiceUnavailable(
        f"{root}: the object store cannot be reached, or keeps failing",
        "Try again later; nothing of what was recorded is lost.",
    )


_AZURE = (
    "Set AZURE_STORAGE_ACCOUNT_NAME (or write abfss://CONTAINER@ACCOUNT.dfs.core.windows.net/batches) and AZURE_STORAGE_ACCOUNT_KEY,"
    " or AZURE_CLIENT_ID, AZURE_TENANT_ID and AZURE_CLIENT_SECRET."
)
_REMEDIES: Mapping[str, str] = MappingProxyType(
    {
        "s3": f"Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE; or type {EXPORT}",
        "gs": "Type gcloud auth application-default login, or set GOOGLE_APPLICATION_CREDENTIALS.",
        **dict.fromkeys(("az", "abfs", "abfss"), _AZURE),
    }
)


def _aws(environ: Mapping[str, str]) -> dict[str, Any]:
    """Keys and region of the profile that AWS_PROFILE names, or of the default one, as far as no variable says them."""
    if environ.get("AWS_ACCESS_KEY_ID") or environ.get("AWS_WEB_IDENTITY_TOKEN_FILE"):
        return {}
    named = environ.get("AWS_PROFILE") or environ.get("AWS_DEFAULT_PROFILE")
    profile = named or "default"
    home = Path(environ.get("HOME") or environ.get("USERPROFILE") or "~") / ".aws"
    said = {
        **_section(
            environ.get("AWS_CONFIG_FILE") or home / "config",
            profile if profile == "default" else f"profile {profile}",
        ),
        **_section(environ.get("AWS_SHARED_CREDENTIALS_FILE") or home / "credentials", profile),
    }
    found = {key: said[key] for key in STATIC if said.get(key)}
    if named and len(found) < 2:
        unread = next((key for key in UNREAD if said.get(key)), "")
        what = (
            f"gets its credentials by {unread}, which is not read here"
            if unread
            else "has no keys, or is not there"
        )
        raise StoreRefused(f"AWS_PROFILE: the profile {profile} {what}", f"Export them first: {EXPORT}")
    if len(found) < 2:
        return {}
    if said.get("region") and not (environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION")):
        found["aws_region"] = said["region"]
    return found


def _section(path: str | Path, name: str) -> Mapping[str, str]:
    parser = configparser.RawConfigParser(strict=False)
    with suppress(OSError, configparser.Error, UnicodeError):
        parser.read_string(Path(path).expanduser().read_text("utf-8"))
        return dict(parser[name]) if parser.has_section(name) else {}
    return {}

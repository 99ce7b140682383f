"""The address and the token, the certificates and the proxy: the way to the service, as far as it can be asked without sending anything."""

import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]  # typeshed lacks it

from requests.utils import DEFAULT_CA_BUNDLE_PATH

from lexer_pipeline.checkup.check import Check, look, unanswered, wrong
from lexer_pipeline.system.hosts import is_loopback
from lexer_pipeline.uploading import key_ring
from lexer_pipeline.uploading.lexer_api import CHECK_TOKEN
from lexer_pipeline.uploading.probe import Answer
from lexer_pipeline.uploading.settings import API_URL, VARIABLE, Settings
from lexer_pipeline.uploading.words import address

ADDRESS, WAY = "address", "way there"
OTHERS_CERTIFICATES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
STATUS_PAGE = "Try again later; https://status.lexer.io says whether it is known."


def token_source(environ: Mapping[str, str], settings: Settings) -> str:
    """Where the token comes from; empty where there is none."""
    if settings.token is None:
        return ""
    return VARIABLE if environ.get(VARIABLE, "").strip() else f"the key ring ({key_ring.place()})"


def token(environ: Mapping[str, str], settings: Settings) -> Iterator[Check]:
    """Whether there is a token and where it comes from; it is not shown."""
    kept, source = key_ring.look(VARIABLE), token_source(environ, settings)
    if settings.token is None:
        why = kept.trouble or "the key ring holds none"
        remedy = f"lexer-pipeline login; or put it into {VARIABLE} (Hub > Manage > Integrations > API Tokens, type Activity)"
        yield wrong(ADDRESS, "token", f"there is none: {VARIABLE} is not set, and {why}", remedy)
    elif source == VARIABLE and kept.secret and kept.secret != settings.token.secret:
        found = f"from {VARIABLE}; the key ring holds another one, which loses"
        yield look(ADDRESS, "token", found, f"unset {VARIABLE}; or lexer-pipeline logout")
    else:
        yield Check(ADDRESS, "token", f"from {source} (not shown)")


def place(settings: Settings) -> Check:
    """Whom files are sent to."""
    if settings.url == API_URL:
        return Check(ADDRESS, "address", settings.url)
    what = (
        "a sandbox or a tunnel on this machine"
        if is_loopback(urlsplit(settings.url).hostname or "")
        else "not the usual one"
    )
    remedy = f"Leave LEXER_UPLOAD_API_URL and upload.url out for {API_URL}, if that is meant"
    return look(ADDRESS, "address", f"{settings.url}, {what}", remedy)


def answer(found: Answer, settings: Settings, environ: Mapping[str, str]) -> Iterator[Check]:
    """What the service said, and what it said of the token."""
    whom = address(settings.url, settings.proxy)
    said = f" ({found.words})" if found.words else ""
    if found.trouble:
        yield unanswered(ADDRESS, "answer", found.trouble, _way_out(settings, environ))
    elif found.status == 429 or found.status >= 500:
        yield unanswered(ADDRESS, "answer", f"{whom} answers {found.status}{said}", STATUS_PAGE)
    elif 300 <= found.status < 400 or (found.status == 200 and not found.is_json):
        remedy = "Something stands between, as a page to log in at or a proxy, or the address is wrong: see the lines above"
        yield unanswered(
            ADDRESS, "answer", f"{whom} answers {found.status} as the API does not{said}", remedy
        )
    else:
        yield Check(ADDRESS, "answer", f"{whom} answers {found.status}")
        if found.asked:
            yield _of_token(found, said)


def _of_token(found: Answer, said: str) -> Check:
    what = "token asked"
    if found.status == 200:
        return Check(ADDRESS, what, "it is good")
    if found.status == 401:
        return wrong(ADDRESS, what, f"it is not taken{said}", f"{CHECK_TOKEN[0].upper()}{CHECK_TOKEN[1:]}")
    remedy = "An upload will tell: lexer-pipeline upload"
    return look(ADDRESS, what, f"{found.status} says nothing about it{said}", remedy)


def _way_out(settings: Settings, environ: Mapping[str, str]) -> str:
    if settings.proxy is None and _proxy_of(settings, environ):
        return 'Name the proxy of this network: proxy = "http://HOST:PORT" under [upload] in pipeline.toml'
    return f"Try: curl -sS -o /dev/null -w '%{{http_code}}' {settings.url}"


def certificates(settings: Settings, environ: Mapping[str, str], source: str) -> Iterator[Check]:
    """Which bundle is trusted, from which place, and those of other programs that are not read."""
    bundle = settings.ca_file or Path(DEFAULT_CA_BUNDLE_PATH)
    what = "certificates"
    try:
        context = ssl.create_default_context(cafile=str(bundle))
        count = len(context.get_ca_certs())
    except (ssl.SSLError, OSError):
        count = 0
    if count:
        yield Check(WAY, what, f"{count:,} authorities of {bundle} ({source})")
    else:
        remedy = f"LEXER_CA_FILE and ca_file name a file of PEM certificates; look at it: head -1 {bundle}"
        yield wrong(WAY, what, f"{bundle} ({source}) holds no certificate", remedy)
    for name in OTHERS_CERTIFICATES:
        if settings.ca_file is None and environ.get(name):
            yield look(
                WAY,
                name,
                "is set, and is not read by this program",
                f'If this network needs it: export LEXER_CA_FILE="${name}"',
            )


def proxy(settings: Settings, environ: Mapping[str, str], source: str) -> Iterator[Check]:
    """Which proxy is used, and what the variables of the environment would do, which are not read."""
    if settings.proxy:
        yield Check(WAY, "proxy", f"{address(settings.proxy)} ({source})")
    elif not (asked := _proxy_of(settings, environ)):
        yield Check(WAY, "proxy", "none")
    else:
        found = f"none; the environment names {address(asked)} for this address, which is not read"
        remedy = 'If this network needs it: proxy = "http://HOST:PORT" under [upload] in pipeline.toml'
        yield look(WAY, "proxy", found, remedy)


def _proxy_of(settings: Settings, environ: Mapping[str, str]) -> str:
    """The proxy that HTTPS_PROXY and the like name for the address, unless NO_PROXY leaves it out; empty for none."""
    named = {
        name.lower().removesuffix("_proxy"): value
        for name, value in environ.items()
        if value and name.lower().endswith("_proxy")
    }
    parts = urlsplit(settings.url)
    if proxy_bypass_environment(parts.hostname or "", named):
        return ""
    return named.get(parts.scheme) or named.get("all") or ""

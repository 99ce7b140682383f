"""What the libraries of the clouds say where they fail, and what a person is told of it."""

import re
from collections.abc import Mapping
from types import MappingProxyType

from lexer_pipeline.errors import PipelineError, ServiceUnavailable, SourceError
from lexer_pipeline.loading.remote import NothingThere, Passing
from lexer_pipeline.system.addresses import Address

# Where each cloud's own tools look for credentials.
CREDENTIALS: Mapping[str, str] = MappingProxyType({
    "s3": "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE for a profile of ~/.aws; aws sts get-caller-identity shows who you are.",
    "gs": "Set GOOGLE_APPLICATION_CREDENTIALS to a key file, or type gcloud auth application-default login.",
    "abfss": "Set AZURE_STORAGE_KEY (or AZURE_STORAGE_SAS_TOKEN) with AZURE_STORAGE_ACCOUNT, or type az login.",
})  # fmt: skip
# In the words of an error, what it means; the first that is met.
NO_CREDENTIALS = re.compile(
    r"OAuth2 access token|DefaultAzureCredential|credentials file|AuthenticationException", re.IGNORECASE
)
NO_HOST = re.compile(
    r"curlCode: 6\b|resolve host|Could not resolve|CURLE_COULDNT_RESOLVE_HOST", re.IGNORECASE
)
CERTIFICATE = re.compile(r"curlCode: (60|77|35)\b|certificate|SSL peer", re.IGNORECASE)
NO_BUCKET = re.compile(r"NO_SUCH_BUCKET|NoSuchBucket|ContainerNotFound|bucket does not exist", re.IGNORECASE)
EXPIRED = re.compile(r"EXPIRED_TOKEN|ExpiredToken|REQUEST_EXPIRED|TokenRefreshRequired", re.IGNORECASE)
NO_ACCESS = re.compile(
    r"ACCESS_DENIED|INVALID_ACCESS_KEY_ID|SIGNATURE_DOES_NOT_MATCH|INVALID_CLIENT_TOKEN|UNRECOGNIZED_CLIENT|InvalidAccessKeyId"
    r"|PERMISSION_DENIED|UNAUTHENTICATED|Forbidden|AuthorizationFailure|AuthenticationFailed|HTTP status 40[13]|credential|401 |403 ",
    re.IGNORECASE,
)
FOR_NOW = re.compile(
    r"SLOW_DOWN|SERVICE_UNAVAILABLE|INTERNAL_FAILURE|THROTTLING|HTTP status 5\d\d|UNAVAILABLE|Retry policy exhausted",
    re.IGNORECASE,
)
UNREACHED = re.compile(
    r"NETWORK_CONNECTION|curlCode|CURL error|new connection|Failed to connect|timeout|timed out|DEADLINE_EXCEEDED",
    re.IGNORECASE,
)


def refusal(address: Address, problem: Exception) -> Exception:
    """What is raised where a cloud fails: Passing for what is worth another try."""
    said = str(problem)
    if isinstance(problem, FileNotFoundError):
        return NothingThere(
            f"{address}: there is no such object",
            "Check the address; a folder is named with a slash at its end.",
        )
    if NO_BUCKET.search(said):
        return NothingThere(f"{address}: there is no bucket {address.host}", "Check its name.")
    if NO_CREDENTIALS.search(said):
        return SourceError(
            f"{address}: no credentials were found that can be used", CREDENTIALS[address.scheme]
        )
    if NO_HOST.search(said):
        return _unreached(address, "the service has no address in this network")
    if CERTIFICATE.search(said):
        return SourceError(
            f"{address}: the certificate of the service was not accepted",
            "Where it is your own, name the file of its authority in LEXER_CA_FILE.",
        )
    if EXPIRED.search(said):
        return SourceError(f"{address}: the credentials have expired", CREDENTIALS[address.scheme])
    if NO_ACCESS.search(said):
        what = "may not be read with the credentials that were found, or none were found"
        return SourceError(f"{address}: {what}", CREDENTIALS[address.scheme])
    if UNREACHED.search(said):
        return Passing(_unreached(address, "the service cannot be reached"))
    if FOR_NOW.search(said):
        return Passing(
            ServiceUnavailable(f"{address}: the service fails, again and again", "Try again later.")
        )
    return Passing(
        SourceError(
            f"{address}: cannot be read ({type(problem).__name__})", "Check the address, and try again."
        )
    )


def _unreached(address: Address, what: str) -> PipelineError:
    how = " and AWS_ENDPOINT_URL, where it is set" if address.scheme == "s3" else ""
    return SourceError(f"{address}: {what}", f"Check the network{how}, and try again.")

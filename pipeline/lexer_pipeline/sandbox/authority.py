"""A certificate authority for 127.0.0.1 that lives in the sandbox folder."""

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

from lexer_pipeline.errors import UsageError
from lexer_pipeline.system.files import write_whole

try:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    INSTALLED = True
except ImportError:  # TLS is an option of the sandbox, and only TLS needs this package
    INSTALLED = False

CA_FILE = "ca.pem"
SERVER_FILE = "server.pem"
LIFE = timedelta(days=365)


def context(folder: Path) -> ssl.SSLContext:
    """A server's TLS settings with a certificate from the folder's authority, made there if absent.

    The files are kept, so that a client which trusts `ca.pem` trusts the sandbox after a restart too.
    """
    if not INSTALLED:
        raise UsageError("TLS in the sandbox needs the package cryptography.", "pip install cryptography")
    if not _still_good(folder):
        _issue(folder)
    settings = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    settings.load_cert_chain(folder / SERVER_FILE)
    return settings


def _still_good(folder: Path) -> bool:
    if not ((folder / CA_FILE).exists() and (folder / SERVER_FILE).exists()):
        return False
    certificate = x509.load_pem_x509_certificate((folder / CA_FILE).read_bytes())
    return certificate.not_valid_after_utc > datetime.now(UTC) + timedelta(days=30)


def _issue(folder: Path) -> None:
    ca_key, server_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name, server_name = _name("lexer-pipeline sandbox"), _name("127.0.0.1")
    authority = (
        _certificate(ca_name, ca_name, ca_key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key()), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    places = [x509.IPAddress(IPv4Address("127.0.0.1")), x509.DNSName("localhost")]
    server = (
        _certificate(server_name, ca_name, server_key)
        .add_extension(x509.SubjectAlternativeName(places), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs=False), critical=True)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False
        )
        .sign(ca_key, hashes.SHA256())
    )
    secret = server_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    write_whole(folder / SERVER_FILE, secret + server.public_bytes(Encoding.PEM))
    write_whole(folder / CA_FILE, authority.public_bytes(Encoding.PEM))


def _name(common: str) -> "x509.Name":
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common)])


def _certificate(
    subject: "x509.Name", issuer: "x509.Name", key: "ec.EllipticCurvePrivateKey"
) -> "x509.CertificateBuilder":
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + LIFE)
    )


def _usage(*, signs: bool) -> "x509.KeyUsage":
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=signs,
        crl_sign=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )

"""Certificates of a throw-away authority: good ones, and each kind of bad one."""

import datetime as dt
import ipaddress
import ssl
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

DAY = dt.timedelta(days=1)
HERE = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
ELSEWHERE = x509.DNSName("uploads.example.com")


class Authority:
    """Signs what it is asked to; who trusts `file` trusts that."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.folder, self.key, self.name = folder, ec.generate_private_key(ec.SECP256R1()), _name("drill")
        self.now = dt.datetime.now(dt.UTC)
        whole = self._built(self.name, self.key, -DAY, DAY, None).add_extension(
            x509.BasicConstraints(True, None), True
        )
        self.file = folder / "ca.pem"
        self.file.write_bytes(whole.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

    def server(
        self,
        begins: dt.timedelta = -DAY,
        ends: dt.timedelta = DAY,
        place: x509.GeneralName = HERE,
        signed: bool = True,
    ) -> ssl.SSLContext:
        """A server's settings with a certificate from this authority, or one that it made for itself."""
        key = ec.generate_private_key(ec.SECP256R1())
        built = self._built(_name("server"), key, begins, ends, place, None if signed else _name("server"))
        signer = self.key if signed else key
        both = self.folder / "server.pem"
        both.write_bytes(
            built.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(both)
        return context

    def _built(
        self, name: x509.Name, key: ec.EllipticCurvePrivateKey, begins: dt.timedelta, ends: dt.timedelta,
        place: x509.GeneralName | None, issuer: x509.Name | None = None,
    ) -> x509.CertificateBuilder:  # fmt: skip
        built = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(issuer or self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self.now + begins)
            .not_valid_after(self.now + ends)
        )
        return built.add_extension(x509.SubjectAlternativeName([place]), False) if place else built


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common)])

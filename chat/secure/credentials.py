"""What a server proves to be: a key, which is pinned, and a certificate, which DTLS wants around it.

Nobody reads the certificate: clients compare the key's pin, and no certificate authority is asked.
"""

import base64
import hashlib
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

from chat.core.link import PIN_SIZE

_NAME = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "chat")])

_FROM = datetime(2000, 1, 1)
"""Fixed, so that no clock can be too slow for it."""

_UNTIL = datetime(9999, 12, 31, 23, 59, 59)
"""No well-defined end (RFC 5280 §4.1.2.5): what ends a key is its pin being replaced."""


class Credentials:
    """A P-256 private key and a certificate that it has signed itself."""

    def __init__(self, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
        """Raises ValueError for another curve, and where the two do not belong together."""
        if key.curve.name != ec.SECP256R1.name:
            raise ValueError(f"the key is on {key.curve.name}, not on P-256")
        self.key = key
        self.certificate = certificate
        self.public = spki_of(key.public_key())
        """DER SubjectPublicKeyInfo: what a pin is of."""
        if certificate_key(certificate) != self.public:
            raise ValueError("the certificate is another key's")

    @classmethod
    def generate(cls) -> "Credentials":
        """New ones, from the system's randomness."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            x509.CertificateBuilder()
            .subject_name(_NAME)
            .issuer_name(_NAME)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(_FROM)
            .not_valid_after(_UNTIL)
            .sign(key, SHA256())
        )
        return cls(key, certificate)

    @classmethod
    def from_bytes(cls, pem: bytes) -> "Credentials":
        """What `to_bytes` gave. Raises ValueError for anything else."""
        try:
            key = load_pem_private_key(pem, None)
            certificate = x509.load_pem_x509_certificate(pem)
        except (TypeError, UnsupportedAlgorithm) as error:  # TypeError: it needs a password
            raise ValueError(str(error)) from error
        match key:
            case ec.EllipticCurvePrivateKey():
                return cls(key, certificate)
        raise ValueError("the key is on no elliptic curve")

    def to_bytes(self) -> bytes:
        """PEM of the key, unencrypted, and of the certificate, in one."""
        key = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return key + self.certificate.public_bytes(Encoding.PEM)

    @property
    def key_der(self) -> bytes:
        """DER PKCS8 of the private key."""
        return self.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def spki_of(key: ec.EllipticCurvePublicKey) -> bytes:
    """DER SubjectPublicKeyInfo."""
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def certificate_key(certificate: x509.Certificate) -> bytes:
    """DER SubjectPublicKeyInfo of the key that a certificate is about. Raises ValueError if that is
    none of an elliptic curve."""
    try:
        key = certificate.public_key()
    except UnsupportedAlgorithm as error:
        raise ValueError(str(error)) from error
    match key:
        case ec.EllipticCurvePublicKey():
            return spki_of(key)
    raise ValueError("the certificate's key is on no elliptic curve")


def pin_of(public: bytes) -> str:
    """Names a key, given its SubjectPublicKeyInfo, in PIN_SIZE characters of lower-case base32."""
    return base64.b32encode(hashlib.sha256(public).digest()).decode().lower()[:PIN_SIZE]

import re

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
    load_der_public_key,
)

from chat.secure.credentials import Credentials, certificate_key, pin_of

from .host import CREDENTIALS

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def pem(key: Key) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def test_they_survive_being_written() -> None:
    again = Credentials.from_bytes(CREDENTIALS.to_bytes())
    assert again.public == CREDENTIALS.public
    assert again.certificate == CREDENTIALS.certificate
    assert again.key_der == CREDENTIALS.key_der
    assert again.to_bytes() == CREDENTIALS.to_bytes()


def test_what_they_are() -> None:
    certificate = CREDENTIALS.certificate
    assert certificate.subject.rfc4514_string() == certificate.issuer.rfc4514_string() == "CN=chat"
    assert certificate.not_valid_before_utc.year == 2000
    assert certificate.not_valid_after_utc.year == 9999
    certificate.verify_directly_issued_by(certificate)
    key = load_der_private_key(CREDENTIALS.key_der, None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    assert isinstance(key.curve, ec.SECP256R1)
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert public == CREDENTIALS.public == certificate_key(certificate)
    assert load_der_public_key(CREDENTIALS.public) == key.public_key()


def test_no_two_are_the_same() -> None:
    assert Credentials.generate().public != CREDENTIALS.public


OTHER = Credentials.generate()
CERTIFICATE = CREDENTIALS.certificate.public_bytes(Encoding.PEM)


@pytest.mark.parametrize(
    "garbage",
    [
        b"",
        b"garbage",
        CREDENTIALS.to_bytes()[:-60],
        pem(CREDENTIALS.key),
        CERTIFICATE,
        pem(OTHER.key) + CERTIFICATE,
        pem(ec.generate_private_key(ec.SECP384R1())) + CERTIFICATE,
        pem(rsa.generate_private_key(65537, 2048)) + CERTIFICATE,
        CREDENTIALS.to_bytes().replace(b"M", b"N"),
    ],
)
def test_garbage_is_a_value_error(garbage: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Credentials.from_bytes(garbage)


def test_a_key_under_a_password_is_a_value_error() -> None:
    secret = BestAvailableEncryption(b"password")
    locked = CREDENTIALS.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, secret)
    with pytest.raises(ValueError, match="encrypted"):
        Credentials.from_bytes(locked + CERTIFICATE)


def certificate_of(key: Key) -> x509.Certificate:
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(x509.Name([]))
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(CREDENTIALS.certificate.not_valid_before_utc)
        .not_valid_after(CREDENTIALS.certificate.not_valid_after_utc)
        .sign(key, SHA256())
    )


def test_another_curve_is_a_value_error() -> None:
    key = ec.generate_private_key(ec.SECP384R1())
    with pytest.raises(ValueError, match="not on P-256"):
        Credentials(key, certificate_of(key))


def test_a_certificate_of_another_kind_of_key_has_no_public_key_for_us() -> None:
    with pytest.raises(ValueError, match="no elliptic curve"):
        certificate_key(certificate_of(rsa.generate_private_key(65537, 2048)))


def test_a_pin_is_130_bits_of_the_hash() -> None:
    pin = pin_of(b"")
    assert pin == "4oymiquy7qobjgx36tejs35zeq"  # of e3b0c44298fc1c14…
    assert re.fullmatch("[a-z2-7]{26}", pin_of(CREDENTIALS.public))

"""Signed requests: nothing of one can be altered, nothing of the secret is in it, and what is no header says so."""

import contextlib
import hashlib
import hmac
from base64 import urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from points_engine.contract import Secret
from points_engine.signing import (
    AuthorizationInvalid,
    Bearer,
    Key,
    Signature,
    authorization,
    is_signed_by,
    message,
    parse_authorization,
)

SECRET = Secret("the till's own secret")
KEY = Key("till-7f3a", SECRET)
AT = 1_700_000_000
REQUEST = ("POST", "/v1/charges?x=1", b'{"units":500}', "order-1")
LINE = st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=30)


def _signed(method: str, target: str, body: bytes, idempotency_key: str) -> Signature:
    header = authorization(KEY, method, target, body, at=AT, idempotency_key=idempotency_key)
    found = parse_authorization(header)
    assert isinstance(found, Signature)
    return found


def test_what_is_signed_is_written_down() -> None:
    """The canonical bytes and the header are those of the description, so that anybody may write a client."""
    expected = (
        b"Points-HMAC-SHA256\nPOST\n/v1/charges?x=1\n"
        + hashlib.sha256(b'{"units":500}').hexdigest().encode()
        + b"\norder-1\ntill-7f3a\n1700000000"
    )
    assert expected == message("POST", "/v1/charges?x=1", b'{"units":500}', "order-1", "till-7f3a", AT)
    digest = hmac.new(SECRET.reveal().encode(), expected, "sha256").digest()
    signature = urlsafe_b64encode(digest).decode().rstrip("=")
    method, target, body, idempotency_key = REQUEST
    header = f"Points-HMAC-SHA256 key=till-7f3a, at=1700000000, signature={signature}"
    assert header == authorization(KEY, method, target, body, at=AT, idempotency_key=idempotency_key)


@given(LINE, LINE, st.binary(max_size=50), LINE)
def test_a_request_that_was_signed_is_known(method: str, target: str, body: bytes, key: str) -> None:
    """Whatever is in it, by the same secret and by no other."""
    found = _signed(method, target, body, key)
    assert is_signed_by(SECRET, found, method, target, body, key)
    assert not is_signed_by(Secret("another"), found, method, target, body, key)


@pytest.mark.parametrize(
    "other",
    [
        ("PUT", *REQUEST[1:]),
        ("POST", "/v1/charges?x=2", *REQUEST[2:]),
        ("POST", "/v1/refunds", *REQUEST[2:]),
        (*REQUEST[:2], b'{"units":501}', "order-1"),
        (*REQUEST[:2], b"", "order-1"),
        (*REQUEST[:3], "order-2"),
        (*REQUEST[:3], ""),
        ("POST\n/v1/charges?x=1", "", *REQUEST[2:]),
    ],
)
def test_a_request_cannot_be_altered(other: tuple[str, str, bytes, str]) -> None:
    """Another method, path, query, body or order, or lines moved from one part into the next."""
    assert not is_signed_by(SECRET, _signed(*REQUEST), *other)


@pytest.mark.parametrize("change", [{"at": AT + 1}, {"key_id": "till-7f3b"}, {"signature": "A" * 43}])
def test_a_header_cannot_be_altered(change: dict[str, object]) -> None:
    """Neither its time, nor whose it is, nor the signature."""
    found = _signed(*REQUEST)
    assert not is_signed_by(SECRET, Signature(**{**found._asdict(), **change}), *REQUEST)


def test_what_cannot_be_one_line_is_not_signed() -> None:
    """A line break would let two requests have one signature."""
    with pytest.raises(ValueError, match="no control characters"):
        authorization(KEY, "GET", "/v1/orders/a\nb", b"", at=AT)


def test_the_secret_is_not_in_the_header() -> None:
    """Nor in what is shown of a key or a token."""
    header = authorization(KEY, "GET", "/", b"", at=AT)
    shown = header + repr(KEY) + repr(parse_authorization("Bearer tok-en"))
    assert SECRET.reveal() not in shown
    assert "tok-en" not in shown


def test_a_bearer_token_is_read() -> None:
    """The word for the scheme is read in any case, as RFC 9110 has it."""
    assert Bearer(Secret("a.b~c=")) == parse_authorization("bearer  a.b~c= ")


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ("", "must be Points-HMAC-SHA256 or Bearer"),
        ("Basic c2VjcmV0", "must be Points-HMAC-SHA256 or Bearer"),
        ("Bearer", "must read: Bearer <token>"),
        ("Bearer two words", "must read: Bearer <token>"),
        ("Points-HMAC-SHA256 c2VjcmV0", "must read: Points-HMAC-SHA256 key="),
        ("Points-HMAC-SHA256 key=k, at=-5, signature=" + "A" * 43, "must read: Points-HMAC-SHA256 key="),
        ("Points-HMAC-SHA256 key=k, at=5, signature=" + "A" * 42, "must read: Points-HMAC-SHA256 key="),
        ("Points-HMAC-SHA256 key=k, at=٥, signature=" + "A" * 43, "must read: Points-HMAC-SHA256 key="),
        ("Bearer " + "c2VjcmV0" * 100, "longer than 512"),
    ],
)
def test_what_is_no_header_says_so(header: str, told: str) -> None:
    """With what it should be, and without what it was."""
    with pytest.raises(AuthorizationInvalid, match=told) as caught:
        parse_authorization(header)
    assert "c2VjcmV0" not in str(caught.value)


@given(st.text(max_size=600))
def test_no_header_is_too_strange(header: str) -> None:
    """Anything a network may send is read or refused, nothing else."""
    with contextlib.suppress(AuthorizationInvalid):
        assert isinstance(parse_authorization(header), Signature | Bearer)

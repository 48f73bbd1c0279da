"""Signatures are those of Standard Webhooks, byte by byte."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from points_engine.contract import Secret
from points_engine.webhook_signing import secret_text, signed_headers


def test_the_standards_own_example() -> None:
    """The specification's published message has the published signature."""
    headers = signed_headers(
        [Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")],
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        datetime.fromtimestamp(1_614_265_330, UTC),
        b'{"test": 2432232314}',
    )
    assert {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    } == headers


@given(keys=st.lists(st.binary(min_size=24, max_size=64), min_size=1, max_size=3), text=st.text())
def test_each_secret_verifies(keys: list[bytes], text: str) -> None:
    """Whoever holds one of the secrets can check the message with the merchants' library."""
    at = datetime.now(UTC)
    secrets = [secret_text(key) for key in keys]
    body = b'{"text":' + repr(text).encode("utf-8", "replace") + b"}"
    headers = dict(signed_headers(secrets, "evt_1", at, body))
    for secret in secrets:
        signature = Webhook(secret.reveal()).sign("evt_1", at, body.decode())
        assert signature in headers["webhook-signature"].split()


def test_a_secret_is_not_shown() -> None:
    """Neither printed nor in a representation."""
    secret = secret_text(b"k" * 32)
    assert "whsec_" not in f"{secret!r} {[secret]}"

"""Apprise as the gateway: a real notification to a real server, and what is said when it is not installed."""

import importlib.util
import json
import logging
from pathlib import Path

import pytest

from points_engine.adapters.apprise_sms import AppriseSmsSender
from points_engine.bootstrap import AppriseGateway, Settings, open_engine
from points_engine.contract import PhoneNumber, Secret
from points_engine.proof_ports import Sms, SmsNotTaken, SmsUnavailable
from tests.points_engine.gateway_server import gateway_server
from tests.waiting import PATIENCE_SECONDS

# Its plugins import one of Python's own modules that later Pythons do not have any more.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

CODE = "482915"
SMS = Sms("id-1", PhoneNumber("+8613812345678"), Secret(f"Your code is {CODE}"), Secret(CODE))


def test_a_message_arrives(caplog: pytest.LogCaptureFixture) -> None:
    """The text reaches the service's address for this phone, and no log."""
    with gateway_server() as server, caplog.at_level(logging.DEBUG):
        address = server.address.replace("http", "json")
        # How long Apprise waits for a connection and for an answer.
        patience = f"cto={PATIENCE_SECONDS}&rto={PATIENCE_SECONDS}"
        sender = AppriseSmsSender(AppriseGateway(url=f"{address}/$phone?{patience}"))
        sender.send(SMS)
        (received,) = server.received
        assert "/+8613812345678" == received.path
        assert f"Your code is {CODE}" == json.loads(received.body)["message"]
        server.answer(500)
        with pytest.raises(SmsNotTaken) as failed:
            sender.send(SMS)
    assert failed.value.may_retry
    assert not [secret for secret in (CODE, "13812345678") if secret in caplog.text]


def test_a_service_nobody_knows() -> None:
    """It is not tried again: the address has to be mended."""
    with pytest.raises(SmsNotTaken) as failed:
        AppriseSmsSender(AppriseGateway(url="nosuchservice://x/$phone")).send(SMS)
    assert not failed.value.may_retry


def test_without_apprise_the_remedy_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine says so when it is opened, not when the first customer waits; and makes no file."""
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "apprise" else find(name))
    with pytest.raises(SmsUnavailable) as missing:
        open_engine(tmp_path / "engine", Settings(sms_gateway=AppriseGateway(url="twilio://x/$phone")))
    assert "points-till[apprise]" in missing.value.remedy
    assert not (tmp_path / "engine").exists()

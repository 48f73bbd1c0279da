"""A till renews its key by itself, against a real service by a clock moved by hand; killed anywhere, it still sells."""

import json
import logging
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from points_engine.calling import CallerKind, CheckedIn, Credentials, ShowCredentials
from points_engine.contract import EngineFault, Query, Refusal, Refused, Secret
from points_engine.http.gatekeeper import Gatekeeper
from points_engine.signing import Key
from pos_client.engine_client.credential import FILE_NAME, TillCredential, keep_credential, read_credential
from pos_client.engine_client.enrolment import enrol
from pos_client.engine_client.key_ring import KeyRing
from pos_client.engine_client.remote import RemoteEngine
from pos_client.engine_client.remote_door import RemoteDoor
from pos_client.engine_client.renewal import PATIENCE, STEPS, Renewal
from pos_client.inbox import QueueInbox
from pos_client.screens.wording import Language, load_wording
from pos_client.till.events import Replied
from tests.points_engine.engine.counter import Counter
from tests.points_engine.http.running_service import RunningService
from tests.points_engine.shop import EVERY_KIND, Shop
from tests.pos_client.engine_client.renewing_till import RenewingTill, patient
from tests.waiting import PATIENCE_SECONDS, within

ROOT = Path(__file__).resolve().parents[3]
DAY = 86_400
MONTH = 30 * DAY
AWAY = EngineFault("The points server cannot be reached", "Wait.", nothing_changed=True)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """The shop's server."""
    shop = Shop(tmp_path_factory.mktemp("server"), EVERY_KIND)
    with (
        Gatekeeper(shop.engine.gate, EVERY_KIND.rates) as gatekeeper,
        RunningService(shop.folder, shop=shop, authenticator=gatekeeper) as running,
    ):
        yield running


@pytest.fixture
def url(server: RunningService) -> str:
    """Its base URL."""
    return f"http://127.0.0.1:{server.port}"


@pytest.fixture
def enrolled(server: RunningService, url: str, tmp_path: Path) -> TillCredential:
    """A fresh till, enrolled as it is done; its credential is in `tmp_path`."""
    till_id = server.shop.fresh("till")
    server.shop.till(till_id)
    code = Secret(Counter(server.shop).code(CallerKind.TILL, till_id))
    credential = enrol(patient(url), till_id, code)
    keep_credential(tmp_path, credential)
    return credential


Open = Callable[[], RenewingTill]


@pytest.fixture
def open_till(url: str, enrolled: TillCredential, tmp_path: Path) -> Iterator[Open]:
    """Opens the till on what is in its folder."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(RenewingTill(tmp_path, url, enrolled.till_id))


def keys_of(server: RunningService, till_id: str) -> int:
    """How many keys were ever made for a till."""
    reply = server.shop.ask(ShowCredentials(kind=CallerKind.TILL, caller_id=till_id))
    assert isinstance(reply, Credentials)
    return len(reply.credentials)


def takes(url: str, credential: TillCredential) -> bool:
    """Whether the server takes what this credential signs."""
    with closing(RemoteDoor(patient(url), credential)) as door:
        return door.execute(Query(order_id="o-none")) == Refused(refusal=Refusal.ORDER_UNKNOWN)


def test_a_young_key_is_left_alone(server: RunningService, open_till: Open, tmp_path: Path) -> None:
    """Until it is a month old nothing is asked for, and nothing is written."""
    till, before = open_till(), (tmp_path / FILE_NAME).read_bytes()
    till.beat()
    server.shop.clock.advance(MONTH - 1)
    till.beat()
    assert (0, before) == (till.asked, (tmp_path / FILE_NAME).read_bytes())


def test_a_month_old_key_is_renewed(
    server: RunningService, url: str, open_till: Open, enrolled: TillCredential, tmp_path: Path
) -> None:
    """In one beat the new one signs, in the next the old one is given up; the server lets it go on for a day."""
    till = open_till()
    server.shop.clock.advance(MONTH)
    till.beat()
    both = read_credential(tmp_path, enrolled.till_id)
    assert (True, enrolled.key) == (both.key != enrolled.key, both.older)
    assert both.key.key_id == till.beat().key_id
    assert TillCredential(till_id=enrolled.till_id, key=both.key) == read_credential(
        tmp_path, enrolled.till_id
    )
    assert takes(url, enrolled)
    server.shop.clock.advance(DAY)
    assert not takes(url, enrolled)
    assert till.sells
    assert (None, 1, 2) == (till.told, till.asked, keys_of(server, enrolled.till_id))


@pytest.mark.parametrize("off_days", [0, 3], ids=["at once", "after a long weekend"])
@pytest.mark.parametrize("step", STEPS)
def test_a_till_killed_after_any_step_still_sells(
    server: RunningService,
    url: str,
    open_till: Open,
    enrolled: TillCredential,
    tmp_path: Path,
    step: str,
    off_days: int,
) -> None:
    """It sells before anything else is done, and ends with one key in its file; no more than one was made for it."""
    server.shop.clock.advance(MONTH)
    dead = subprocess.run(
        [
            sys.executable, "-m", "tests.pos_client.engine_client.doomed_renewal", str(tmp_path), url, enrolled.till_id,
            step,
        ],
        cwd=ROOT, capture_output=True, timeout=100, check=False,
    )  # fmt: skip
    assert (-signal.SIGKILL, b"") == (dead.returncode, dead.stderr)
    server.shop.clock.advance(off_days * DAY)
    till = open_till()
    assert till.sells
    for _ in range(2):
        till.beat()
    after = read_credential(tmp_path, enrolled.till_id)
    assert (True, None, None) == (after.key != enrolled.key, after.older, after.renewal_id)
    assert (True, 2, None) == (till.sells, keys_of(server, enrolled.till_id), till.told)
    assert [FILE_NAME] == [path.name for path in tmp_path.iterdir()]


def test_what_was_half_written_is_removed(open_till: Open, tmp_path: Path) -> None:
    """A till that was ended in the middle of writing leaves no secret lying about."""
    left = tmp_path / f".{FILE_NAME}.k3x9"
    left.write_text("half")
    open_till()
    assert not left.exists()


def test_a_new_key_that_is_not_taken_gives_way(
    server: RunningService, open_till: Open, enrolled: TillCredential, tmp_path: Path
) -> None:
    """As when the server came back from a copy of yesterday: no command is lost, and another is asked for later."""
    lost = replace(enrolled, key=Key("till-00000000000000aa", Secret("x")), older=enrolled.key)
    keep_credential(tmp_path, lost)
    till = open_till()
    assert till.sells
    till.beat()
    assert enrolled.key == read_credential(tmp_path, enrolled.till_id).key
    server.shop.clock.advance(MONTH)
    for _ in range(2):
        till.beat()
    after = read_credential(tmp_path, enrolled.till_id)
    assert (True, None) == (after.key != enrolled.key, after.older)
    assert till.sells


def test_a_renewal_that_fails_is_tried_calmly_and_told_in_days(
    server: RunningService, open_till: Open, tmp_path: Path
) -> None:
    """At most once an hour after the first ones; the cashier hears after three days, also of a restarted till."""
    till = open_till()
    till.fails = AWAY
    server.shop.clock.advance(MONTH)
    for _ in range(int(PATIENCE.total_seconds()) // 600):
        till.beat()
        assert till.told is None
        server.shop.clock.advance(600)
    assert 60 <= till.asked <= 100
    server.shop.clock.advance(600)
    till = open_till()
    till.fails = AWAY
    till.beat()
    assert "renewed for {days} days" in (till.told or "")
    till.fails = None
    server.shop.clock.advance(3_600 * 2)
    for _ in range(2):
        till.beat()
    assert till.told is None
    assert read_credential(tmp_path, till.ring.credential.till_id).due_since is None


def test_a_file_that_cannot_be_written_leaves_the_key_as_it_is(
    server: RunningService,
    open_till: Open,
    enrolled: TillCredential,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing is asked for that could not be kept; the till sells on and tries again later."""
    till = open_till()
    server.shop.clock.advance(MONTH)

    def full(*_arguments: object, **_more: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("pos_client.engine_client.credential.tempfile.mkstemp", full)
        till.beat()
    assert (0, True, 1) == (till.asked, till.sells, keys_of(server, enrolled.till_id))
    server.shop.clock.advance(120)
    for _ in range(2):
        till.beat()
    assert enrolled.key != read_credential(tmp_path, enrolled.till_id).key


def test_a_key_that_was_replaced_is_told_at_once(
    server: RunningService, url: str, open_till: Open, enrolled: TillCredential
) -> None:
    """Somebody else has this till's newer key: it is not renewed, the manager hears a day before its end."""
    till = open_till()
    counter = Counter(server.shop)
    newer = TillCredential(till_id=enrolled.till_id, key=counter.till_key(enrolled.till_id))
    assert takes(url, newer)
    server.shop.clock.advance(3_600)
    till.beat()
    assert "ends in {hours} h" in (till.told or "")
    assert (0, True) == (till.asked, till.sells)


def test_a_till_that_is_enrolled_anew_while_it_runs_takes_the_new_key(
    server: RunningService, url: str, open_till: Open, enrolled: TillCredential, tmp_path: Path
) -> None:
    """Whatever was due of the old one, it is not written over; the lamp goes out."""
    till = open_till()
    server.shop.clock.advance(MONTH)
    code = Secret(Counter(server.shop).code(CallerKind.TILL, enrolled.till_id))
    anew = enrol(patient(url), enrolled.till_id, code)
    keep_credential(tmp_path, anew)
    for _ in range(2):
        till.beat()
    assert (anew, 0) == (read_credential(tmp_path, enrolled.till_id), till.asked)
    assert anew.key.key_id == till.beat().key_id
    assert till.told is None


def test_what_the_cashier_is_told_is_said_in_both_languages(
    server: RunningService, open_till: Open, enrolled: TillCredential
) -> None:
    """Beside the lamp of the till's key."""
    till = open_till()
    at = server.shop.clock.now()
    said = CheckedIn(at=at, key_id=enrolled.key.key_id, renew_at=at, ends_at=at + timedelta(hours=5))
    till.renewal.consider(said)
    (event,) = till.inbox.events
    wording = load_wording(Language.EN, strict=True)
    told = []
    for language in Language:
        wording.set_language(language)
        told.append((wording.say("device.key"), wording.remedy(getattr(event, "remedy"))))  # noqa: B009 -- any event
    assert {("Till's key", True), ("收银台密钥", True)} == {(name, "5" in text) for name, text in told}
    assert 2 == len({text for _, text in told})


def test_no_payment_waits_for_a_renewal(url: str, enrolled: TillCredential, tmp_path: Path) -> None:
    """While it hangs, commands are answered."""
    begun, goes_on = threading.Event(), threading.Event()

    class Hangs(Renewal):
        def consider(self, said: CheckedIn) -> None:
            begun.set()
            goes_on.wait(PATIENCE_SECONDS)

    ring, inbox = KeyRing(tmp_path, enrolled), QueueInbox()
    client = RemoteEngine(patient(url), ring, inbox, renews=lambda door: Hangs(door, ring, inbox))
    try:
        assert begun.wait(PATIENCE_SECONDS)
        client.send(7, Query(order_id="o-none"))
        while not isinstance(event := inbox.get(PATIENCE_SECONDS), Replied):
            assert event is not None
        assert Replied(7, Refused(refusal=Refusal.ORDER_UNKNOWN)) == event
    finally:
        goes_on.set()
        client.close()
        inbox.close()


def test_nobody_sees_a_secret(
    server: RunningService,
    open_till: Open,
    enrolled: TillCredential,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Neither key, nor the request that brought it, is in a log or where values are shown."""
    caplog.set_level(logging.DEBUG)
    till = open_till()
    server.shop.clock.advance(MONTH)
    till.beat()
    both = read_credential(tmp_path, enrolled.till_id)
    shown = f"{both!r} {till.ring!r} {till.ring.credential!r} {till.renewal!r} {till.inbox.events!r}"
    till.beat()
    told = shown + caplog.text + b"".join(server.log).decode()
    kept = json.loads((tmp_path / FILE_NAME).read_text(encoding="utf-8"))
    assert both.older is not None
    assert "was renewed" in caplog.text
    assert [] == [
        secret
        for secret in (kept["secret"], both.key.secret.reveal(), both.older.secret.reveal())
        if secret in told
    ]


def test_a_heartbeat_is_no_line_of_the_servers_log(server: RunningService, open_till: Open) -> None:
    """It is counted, and changes nothing; what the till asks besides is logged."""
    till = open_till()
    before = server.request("GET", "/metrics").body.decode()
    said = till.beat()
    assert server.shop.clock.now() == said.at
    server.log.clear()
    till.beat()
    assert till.sells
    within(lambda: any(b"/v1/payments/" in line for line in server.log))
    assert [] == [line for line in server.log if b"check-in" in line]
    counted = 'points_http_requests_total{method="GET",route="/v1/check-in",status="200"}'
    after = server.request("GET", "/metrics").body.decode()
    assert 2 == count_in(after, counted) - count_in(before, counted)


def count_in(page: str, name: str) -> float:
    """A counter on the page of metrics; 0 when it is not there yet."""
    return sum(float(line.rpartition(" ")[2]) for line in page.splitlines() if line.startswith(name))

"""The high-availability templates: every word has a value, and what the machines must agree on is the same."""

import re
from pathlib import Path
from string import Template
from typing import Any

import pytest
import yaml

from tests.architecture.project_files import ROOT
from tests.ha.cluster import Cluster
from tests.ha.database_machine import DatabaseMachine, Passwords, fill
from tests.ha.network import Host

FOLDER = ROOT / "resources" / "ha"
HOSTS = [Host(f"db{number}", 10 + number) for number in (1, 2, 3)]
WORDS = DatabaseMachine(
    HOSTS[0], Path("machine"), HOSTS, Passwords("s" * 9, "r" * 9, "p" * 9), Path("slow.so"), Path("bin")
).words()
BALANCER_WORDS = Cluster.balancer_words("10.77.0.10", HOSTS, [Host("node1", 21)], "/readyz")


def filled(name: str) -> str:
    """A template with the words that `make ha` gives it."""
    return fill(name, BALANCER_WORDS if name == "haproxy.cfg" else WORDS)


@pytest.mark.parametrize("name", sorted(path.name for path in FOLDER.iterdir()))
def test_no_word_is_left(name: str) -> None:
    """All words are known, and nothing with a dollar sign is left over."""
    assert set(Template((FOLDER / name).read_text(encoding="utf-8")).get_identifiers())
    assert "$" not in filled(name)


def patroni() -> dict[str, Any]:
    """Patroni's configuration, read as Patroni would."""
    read: dict[str, Any] = yaml.safe_load(filled("patroni.yml"))
    return read


def test_a_charge_is_on_two_disks_before_it_is_answered() -> None:
    """Synchronous, strictly: without a standby nothing is acknowledged."""
    settings = patroni()["bootstrap"]["dcs"]
    assert (True, True) == (settings["synchronous_mode"], settings["synchronous_mode_strict"])
    assert settings["postgresql"]["parameters"]["synchronous_commit"] == "on"


def test_the_lease_is_renewed_in_time() -> None:
    """The lease outlives a round and two attempts, as Patroni's manual wants it, and is not below its least."""
    settings = patroni()["bootstrap"]["dcs"]
    assert settings["ttl"] >= max(20, settings["loop_wait"] + 2 * settings["retry_timeout"])


def test_switches_stay_words() -> None:
    """What PostgreSQL and Patroni take as a word is no YAML truth value."""
    read = patroni()
    parameters = read["bootstrap"]["dcs"]["postgresql"]["parameters"]
    assert all(isinstance(parameters[name], str) for name in ("synchronous_commit", "wal_compression"))
    assert isinstance(read["watchdog"]["mode"], str)


def test_etcd_answers_where_patroni_asks() -> None:
    """Patroni's hosts are the cluster's members, over the interface whose writes of the leader's key are compared."""
    etcd = yaml.safe_load(filled("etcd.conf.yml"))
    members = re.findall(r"http://([\d.]+):2380", etcd["initial-cluster"])
    assert [f"{address}:2379" for address in members] == patroni()["etcd"]["hosts"].split(",")
    assert etcd["enable-v2"] is True


def test_the_balancer_leads_to_pools_and_to_sessions() -> None:
    """The primary's pool and the primary itself are found by asking Patroni; nodes by asking the engine."""
    text = filled("haproxy.cfg")
    for host in HOSTS:
        assert f"server {host.name} {host.address}:6432 check port 8008" in text
        assert f"server {host.name} {host.address}:5432 check port 8008" in text
    assert "GET /primary" in text
    assert "option httpchk GET /readyz" in text


def test_the_pool_leaves_room_for_whoever_looks_after_it() -> None:
    """PgBouncer takes fewer connections than PostgreSQL has."""
    pool = re.search(r"^default_pool_size = (\d+)", filled("pgbouncer.ini"), re.MULTILINE)
    connections = patroni()["bootstrap"]["dcs"]["postgresql"]["parameters"]["max_connections"]
    assert pool
    assert int(pool[1]) < connections - 10

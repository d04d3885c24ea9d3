import os
from pathlib import Path

import pytest
import redis

from codat_admin import env
from syncs.processes import ports, valkey
from syncs.processes.errors import CannotRun
from syncs.processes.runfile import RunFile
from syncs.processes.supervisor import Supervisor
from syncs.processes.valkey import Valkey


@pytest.fixture
def broker(tmp_path: Path) -> Valkey:
    return Valkey(tmp_path / "a folder", ports.free(1)[0])


@pytest.mark.slow
def test_it_serves_those_who_know_its_password(supervisor: Supervisor, broker: Valkey) -> None:
    supervisor.start(broker.program(os.environ))
    assert supervisor.wait_until(broker.ready, timeout=10)
    assert redis.Redis.from_url(broker.url).ping()
    with pytest.raises(redis.AuthenticationError):
        redis.Redis(port=broker.port).ping()


@pytest.mark.slow
def test_it_keeps_what_it_was_told_over_a_kill(
    supervisor: Supervisor, broker: Valkey, run_file: RunFile
) -> None:
    supervisor.start(broker.program(os.environ))
    assert supervisor.wait_until(broker.ready, timeout=10)
    redis.Redis.from_url(broker.url).set("word", "kept")
    supervisor.wait_until(lambda: False, timeout=1.2)
    [child] = run_file.children()
    os.kill(child.pid, 9)
    supervisor.wait_until(lambda: pid_changed(run_file, child.pid) and broker.ready(), timeout=10)
    assert redis.Redis.from_url(broker.url).get("word") == b"kept"


def test_its_limits_are_those_the_queue_needs(supervisor: Supervisor, broker: Valkey) -> None:
    supervisor.start(broker.program(os.environ))
    assert supervisor.wait_until(broker.ready, timeout=10)
    client = redis.Redis.from_url(broker.url)
    assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
    assert client.config_get("appendfsync") == {"appendfsync": "everysec"}
    assert client.config_get("bind") == {"bind": "127.0.0.1"}


def test_its_password_is_in_no_command_line(broker: Valkey) -> None:
    words = " ".join(broker.program({}).argv)
    assert broker.url.split(":")[2].split("@")[0] not in words


def test_without_any_server_it_says_what_to_do(broker: Valkey, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(valkey, "find_spec", lambda _name: None)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(CannotRun, match="install valkey or redis, or set REDIS_URL"):
        broker.program({})


def test_a_server_on_the_path_will_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    server = tmp_path / "redis-server"
    server.touch(mode=0o755)
    monkeypatch.setattr(valkey, "find_spec", lambda _name: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert valkey.server() == server


def pid_changed(run_file: RunFile, pid: int) -> bool:
    return [child.pid for child in run_file.children()] not in ([], [pid])


def test_a_command_typed_beside_it_finds_its_address_and_nobody_else_reads_it(broker: Valkey) -> None:
    broker.program({})
    file = broker.folder / "url"
    assert env.kept(file, "redis://nowhere") == broker.url
    assert file.stat().st_mode & 0o077 == 0

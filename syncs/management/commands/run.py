import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from codat_admin import env
from syncs.management import belongings
from syncs.processes import keys, ports, ready
from syncs.processes.errors import CannotRun, StopAsked
from syncs.processes.house import House
from syncs.processes.lines import Lines
from syncs.processes.runfile import RunFile, end_leftovers, only_one
from syncs.processes.supervisor import Supervisor
from syncs.processes.valkey import Valkey

LOOPBACK = {"127.0.0.1", "localhost", "::1"}
EVERY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104
READY_WITHIN = 120.0


class Command(BaseCommand):
    help = "Starts everything and keeps it running: web, workers, clock, and what else is not given."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            host, port, var = _host(), env.whole_number("PORT", 8000, least=1, most=65535), _var()
            with only_one(var) as run_file:
                Run(host, port, var, run_file).until_stopped()
        except CannotRun as reason:
            sys.exit(str(reason))
        except PermissionError as error:
            sys.exit(f"Not permitted: {error.filename}. Check whose it is.")


class Run:
    """One run of the house, from its first child to its last."""

    def __init__(self, host: str, port: int, var: Path, run_file: RunFile) -> None:
        self.lines = Lines(sys.stdout)
        for left in end_leftovers(run_file.children()):
            self.lines.write("run", f"Ended {left.name} (process {left.pid}), left by a run that broke off.")
        ports.refuse_taken(host, port)
        valkey_port, sandbox_port = ports.free(2)
        self.valkey = None if env.text("REDIS_URL") else Valkey(var / "valkey", valkey_port)
        self.sandbox_port = None if settings.CODAT_API_KEY else sandbox_port
        self.house = House(settings.BASE_DIR, var, host, port, self._surroundings(var))
        self.supervisor = Supervisor(run_file, self.lines, port)

    def until_stopped(self) -> None:
        self._heed_signals()
        try:
            self._start()
            self.supervisor.watch()
        except StopAsked:
            self.supervisor.say("Stopping.")
        finally:
            self.supervisor.stop()

    def _surroundings(self, var: Path) -> dict[str, str]:
        """What every child finds in its environment."""
        ours = {
            "DJANGO_SETTINGS_MODULE": "codat_admin.settings",
            "PYTHONUNBUFFERED": "1",
            "SECRET_KEY": env.text("SECRET_KEY") or keys.kept(var / "secret_key"),
            "VAR_DIR": str(var),
            "SANDBOX": "false",
            # What a shell may say for other work would put the program's insides on this panel's error pages.
            "DEBUG": "false",
        }
        if self.valkey:
            ours["REDIS_URL"] = self.valkey.url
        if self.sandbox_port:
            ours |= {
                "SANDBOX": "true",
                "CODAT_API_URL": f"http://127.0.0.1:{self.sandbox_port}",
                "CODAT_API_KEY": keys.kept(var / "sandbox" / "key"),
                # Demo users have their name as password: what is set for a real panel must not let them out.
                "ALLOWED_HOSTS": "127.0.0.1,localhost",
                "HTTPS": "false",
            }
        return {**os.environ, **ours}

    def _heed_signals(self) -> None:
        for signum in (signal.SIGINT, signal.SIGTERM):
            signal.signal(signum, self.supervisor.ask_to_stop)
        # Under nohup a hang-up is ignored, and stays so.
        if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
            signal.signal(signal.SIGHUP, self.supervisor.ask_to_stop)

    def _start(self) -> None:
        belongings.refuse_unreachable()
        self._start_surroundings()
        self._prepare()
        house = self.house
        for program in (house.web(), house.clock(), house.worker("sending"), house.worker("refreshing")):
            self.supervisor.start(program)
        self._wait_for("web", self._web_answers)
        self._say_ready()

    def _start_surroundings(self) -> None:
        """The broker and Codat, as far as they are ours."""
        if self.valkey:
            self.supervisor.start(self.valkey.program(self.house.env))
        if self.sandbox_port:
            self.supervisor.start(self.house.sandbox(self.sandbox_port, self.house.env["CODAT_API_KEY"]))
        if self.valkey:
            self._wait_for("valkey", self.valkey.ready)
        if port := self.sandbox_port:
            self._wait_for("sandbox", lambda: ready.accepts(port))

    def _prepare(self) -> None:
        """In a process of its own, which a signal can end."""
        if self.supervisor.run_once(self.house.manage("setup", "prepare")):
            raise CannotRun("The start was not prepared; the lines above say why.")

    def _wait_for(self, name: str, is_ready: Callable[[], bool]) -> None:
        if not self.supervisor.wait_until(is_ready, READY_WITHIN):
            raise CannotRun(f"{name} did not answer within {READY_WITHIN:.0f} s; its lines above say why.")

    def _web_answers(self) -> bool:
        host = EVERY_ADDRESS.get(self.house.host, self.house.host)
        return ready.answers_http(host, self.house.port, "/healthz", known_as=self._host_name())

    def _host_name(self) -> str:
        """A name under which the panel may be asked for."""
        known = [] if self.sandbox_port else settings.ALLOWED_HOSTS
        return next((name.lstrip(".") for name in known if name != "*"), "127.0.0.1")

    def _say_ready(self) -> None:
        parts = [f"Sync Desk is ready: {self.house.url}"]
        if self.sandbox_port:
            parts.append("sign in as support / support (or viewer, lead, admin)")
            parts.append(
                f"the sandbox: http://127.0.0.1:{self.sandbox_port}, its ledger: {self.house.ledger}"
            )
        self.supervisor.say(" - ".join(parts))


def _host() -> str:
    host = env.text("WEB_HOST") or "127.0.0.1"
    if host not in LOOPBACK and not settings.CODAT_API_KEY:
        raise CannotRun("WEB_HOST is for a real Codat account: the sandbox's demo users stay on 127.0.0.1.")
    return host


def _var() -> Path:
    var = settings.VAR_DIR.resolve()
    try:
        var.mkdir(mode=0o700, parents=True, exist_ok=True)
        (var / "run.lock").touch()
    except OSError as error:
        raise CannotRun(f"Cannot write to {var}: {error.strerror}.") from None
    return var

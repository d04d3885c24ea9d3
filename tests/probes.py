"""Codat for tests of the probe: a sandbox whose switches are turned while it runs, and quick syncs."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sandbox.switches import Switches
from sandbox.testing import Sandbox, running
from syncs.codat.client import CodatClient
from syncs.operations.probing import Pace, Probe, planned
from syncs.rules.probing import Finding, key_finding, other_body_finding, switch_of_key, verified
from syncs.rules.probing_syncs import findings
from syncs.rules.windows import Window
from tests.upstream import CANARY, client_of

QUICK = Pace(wait=20, pause=0.02, quiet=0.1)
OLD = datetime(2001, 1, 1, tzinfo=UTC)
OLD_DAY = Window(OLD, OLD + timedelta(days=1))


@dataclass
class Account:
    """A client's account at Codat: each probe gets a company of its own."""

    sandbox: Sandbox
    client: CodatClient
    _spare: Iterator[dict[str, Any]]

    def company(self) -> str:
        return str(next(self._spare)["company_id"])

    def turn(self, **switches: str) -> None:
        self.sandbox.post("/_sandbox/switches", switches).raise_for_status()

    def told(self) -> set[str]:
        return {f"{name}={value}" for name, value in self.sandbox.get("/_sandbox/switches").json().items()}

    def posts(self, company_id: str) -> list[dict[str, Any]]:
        return [line for line in self.sandbox.ledger() if line["company_id"] == company_id]


@pytest.fixture(scope="module")
def process() -> Iterator[Sandbox]:
    with running(merchants=120, speed=1000, key=CANARY, switches={"per_minute": "off"}) as started:
        yield started


@pytest.fixture(scope="module")
def spare_companies(process: Sandbox) -> Iterator[dict[str, Any]]:
    return iter(process.merchants("healthy"))


@pytest.fixture
def account(process: Sandbox, spare_companies: Iterator[dict[str, Any]]) -> Iterator[Account]:
    with client_of(process.url, backoff=0.01) as client:
        account = Account(process, client, spare_companies)
        account.turn(**(Switches().told() | {"per_minute": "off"}))
        yield account
        process.clear_faults()


@dataclass
class Probed:
    probe: Probe
    said: list[str]

    @property
    def found(self) -> list[Finding]:
        trials = self.probe.trials
        others = [other_body_finding(trial) for trial in trials]
        return [*map(key_finding, trials), *others, *findings(trials)]

    def answer(self, about: str) -> str:
        """Of the one finding whose question holds these words."""
        (found,) = [finding for finding in self.found if about in finding.question]
        return found.answer

    @property
    def keys(self) -> list[str]:
        return [key_finding(trial).answer for trial in self.probe.trials]

    @property
    def verified(self) -> bool | None:
        return verified(map(key_finding, self.probe.trials))

    @property
    def switches(self) -> set[str]:
        keys = {trial.kind: key_finding(trial).answer for trial in self.probe.trials}
        return {switch_of_key(keys), *(finding.switch for finding in self.found)} - {""}

    @property
    def sent(self) -> list[int]:
        return [trial.sent for trial in self.probe.trials]


def probed(
    account: Account,
    company_id: str,
    *,
    pace: Pace = QUICK,
    window: Window = OLD_DAY,
    meanwhile: Callable[[str], None] = lambda line: None,
    **choices: Any,
) -> Probed:
    """`meanwhile` hears each line that a person at the prompt would read, when it is said."""
    said: list[str] = []

    def tell(line: str) -> None:
        said.append(line)
        meanwhile(line)

    probe = Probe(planned(company_id, account.client, window, **choices), account.client, pace, tell)
    probe.run()
    return Probed(probe, said)

"""A sandbox of forty companies, a client for it, and one whose list of companies passes through a test's hands."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from sandbox.testing import Sandbox, running
from syncs.codat.budget import LocalBudget
from syncs.codat.client import CodatClient
from syncs.codat.schemas import Company, Page
from tests.upstream import SWITCHES

COMPANIES = 40


def client_of(sandbox: Sandbox, *, key: str = "") -> CodatClient:
    budget = LocalBudget(per_minute=60_000)
    return CodatClient(base_url=sandbox.url, api_key=key or sandbox.key, budget=budget)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with running(merchants=COMPANIES, switches=SWITCHES) as process:
        yield process


@pytest.fixture(scope="module")
def client(sandbox: Sandbox) -> Iterator[CodatClient]:
    with client_of(sandbox) as made:
        yield made


class Between:
    """A client whose pages pass through here: companies may vanish or change, pages may fail."""

    def __init__(self, client: CodatClient, **behaviour: Any) -> None:
        self.client = client
        self.hidden: set[str] = behaviour.get("hidden", set())
        self.changes: dict[str, dict[str, Any]] = behaviour.get("changes", {})
        self.errors: dict[int, Exception] = behaviour.get("errors", {})
        self.total = behaviour.get("total", "true")
        self.pages_read: list[int] = []

    def companies(self, page: int, page_size: int = 500) -> Page[Company]:
        self.pages_read.append(page)
        if error := self.errors.pop(page, None):
            raise error
        answer = self.client.companies(page, page_size)
        kept = [company for company in answer.items if company.id not in self.hidden]
        items = tuple(replace(company, **self.changes.get(company.id, {})) for company in kept)
        true_total = None if answer.total is None else answer.total - len(self.hidden)
        return replace(answer, items=items, total=true_total if self.total == "true" else self.total)

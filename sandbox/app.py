"""From a request to its answer: key, quota, route, idempotency, handler, ledger, commit; in this order.

Faults come in where they would at Codat: what it says itself before the answer is kept, what a gateway or the
network does to it after.
"""

import hmac
import traceback
from base64 import b64encode
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from email.utils import format_datetime

from sandbox.cards import Event
from sandbox.exchange import SERVER_PROBLEM, WITHOUT_BODY, Answer, Refusal, Request
from sandbox.faults.engine import NOTHING, Fault, Faults, Met
from sandbox.faults.meddling import MEDDLERS
from sandbox.faults.spoiling import Circumstances
from sandbox.idempotency import Idempotency
from sandbox.ledger import Ledger
from sandbox.quota import Quota
from sandbox.routes import Route, is_behind_the_scenes, route_of
from sandbox.syncs import Sync
from sandbox.webhooks.announcing import announce
from sandbox.world import World


class App:
    def __init__(self, world: World, key: str, ledger: Ledger | None = None) -> None:
        self.world = world
        self.world.listeners.add(announce)
        self.ledger = ledger or Ledger(None)
        self._recall()
        self.faults: Faults = world.faults
        self.quota = Quota(world)
        self._idempotency = Idempotency(world)
        self._authorization = b"Basic " + b64encode(key.encode())

    def meet(self, method: str, path: str) -> Met:
        """The faults that a request with this head runs into; they count as fired."""
        return NOTHING if is_behind_the_scenes(path) else self.faults.meet(method, path)

    def answer(self, request: Request, met: Met = NOTHING) -> Answer:
        """Never raises: what goes wrong in here is a 500, told on stderr.

        Without a fault on the wire the request is done with; with one, when `finished` is told so.
        """
        if is_behind_the_scenes(request.path):
            return self._guarded(lambda: route_of(request, self.world.switches).handler(self.world, request))
        answer = self._guarded(lambda: self._public(request, met))
        if not met.wire:
            self.finished(request)
        answer.headers.update(self.common_headers())
        self.world.answers_429 += answer.status == 429
        return answer

    def common_headers(self) -> dict[str, str]:
        """What every answer bears; moments in it are read by its date (RFC 9110), and our clock may run ahead."""
        return {"Date": format_datetime(self.world.now(), usegmt=True), **self.quota.headers()}

    def has_to_wait(self, request: Request) -> bool:
        """Whether it needs rows of companies that are not made yet; answered now, it would hold up everybody."""
        if self.world.columns.are_complete:
            return False
        with suppress(Refusal):
            looks_at_all = route_of(request, self.world.switches).looks_at_all
            return bool(looks_at_all and looks_at_all(self.world, request))
        return False

    def finished(self, request: Request) -> None:
        """The client has its answer, or never will."""
        self._idempotency.leave(request)
        self.quota.leave(request)

    def cut_off(self, request: Request, met: Met, *, answered: int | None) -> None:
        """The request broke off on its way here: nothing was done."""
        with suppress(Refusal):
            self._note(route_of(request, self.world.switches), request, met, answered=answered)

    def _guarded(self, work: Callable[[], Answer]) -> Answer:
        try:
            return work()
        except Refusal as refusal:
            return refusal.answer()
        except Exception:
            traceback.print_exc()
            self._undo()
            return Refusal(500, SERVER_PROBLEM).answer()

    def _public(self, request: Request, met: Met) -> Answer:
        try:
            self._admit(request)
        except Refusal as refusal:
            answer = refusal.answer()
            with suppress(Refusal):
                self._note(route_of(request, self.world.switches), request, met, answered=_heard(answer, met))
            return answer
        route = route_of(request, self.world.switches)
        if met.world:
            MEDDLERS[met.world.kind.name](self.world, request, met.world.args)
        changing = request.method != "GET"
        answer = self._changing(route, request, met) if changing else self._worked(route, request, met)
        answer = self._as_it_leaves(answer, request, met)
        self._note(route, request, met, answered=_heard(answer, met), started=answer.started)
        self.world.store.commit()
        return answer

    def _admit(self, request: Request) -> None:
        self.quota.enter(request)
        if self.world.weather.api_is_out(self.world.now()):
            raise Refusal(503, SERVER_PROBLEM)
        given = request.headers.get("authorization", "").encode()
        if not hmac.compare_digest(given, self._authorization):
            raise Refusal(401, "Unauthorized")

    def _changing(self, route: Route, request: Request, met: Met) -> Answer:
        if not met.applied and not (met.answer and met.answer.kind.kept):
            return self._worked(route, request, met)
        try:
            kept = self._idempotency.begin(request, self.world.now())
        except Refusal as refusal:
            return refusal.answer()
        if kept:
            return kept
        answer = self._worked(route, request, met)
        self._idempotency.end(request, answer, self.world.now())
        return answer

    def _worked(self, route: Route, request: Request, met: Met) -> Answer:
        """What Codat itself answers."""
        try:
            answer = route.handler(self.world, request) if met.applied else Answer(204)
        except Refusal as refusal:
            answer = refusal.answer()
        if met.answer and met.answer.kind.kept:
            return self._replaced(answer, request, met.answer)
        return answer

    def _as_it_leaves(self, answer: Answer, request: Request, met: Met) -> Answer:
        """What becomes of the answer on its way, before it is bytes."""
        fault = met.answer
        if fault and fault.kind.spoil:
            answer = fault.kind.spoil(answer, self._circumstances(request, fault))
        elif fault and not fault.kind.kept:
            answer = self._replaced(answer, request, fault)
        # A status without a body would be the end of a flood before it began.
        floods = met.wire is not None and met.wire.kind.floods and answer.status in WITHOUT_BODY
        return replace(answer, status=200) if floods else answer

    def _replaced(self, answer: Answer, request: Request, fault: Fault) -> Answer:
        """The true answer is not seen, but what it started was started."""
        if not fault.kind.replace:
            return answer
        instead = fault.kind.replace(fault.args, self.world.now(), request.params.get("companyId", ""))
        return replace(instead, started=answer.started)

    def _circumstances(self, request: Request, fault: Fault) -> Circumstances:
        company_id = request.params.get("companyId", "")
        others = (self.world.company_id(index) for index in range(min(2, self.world.merchants)))
        other = next((other for other in others if other != company_id), "")
        return Circumstances(company_id, other, fault.args, fault.fired)

    def _note(
        self, route: Route, request: Request, met: Met, *, answered: int | None, started: Sync | None = None
    ) -> None:
        for foreign in request.foreign:
            self.ledger.write_foreign(request.params["companyId"], foreign)
        if route.asks_for:
            self.ledger.write(
                self.world.now(),
                route.asks_for,
                request,
                answered=answered,
                started=started,
                kept=self._idempotency.kept(request) if started else None,
                faults=met.names,
            )

    def _recall(self) -> None:
        """What the ledger tells and the store does not: the process was killed between the two."""
        for told in self.ledger.newest():
            self.world.make_good(told.company_id, Event(told.at, "sync", told.body), told.kept)

    def _undo(self) -> None:
        self.world.store.rollback()
        self.world.recall()


def _heard(answer: Answer, met: Met) -> int | None:
    """The status that the client is told; None when it is told nothing."""
    return None if met.wire and met.wire.kind.silent else answer.status

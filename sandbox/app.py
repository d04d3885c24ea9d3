"""From a request to its answer: key, quota, route, idempotency, handler, ledger, commit; in this order."""

import hmac
import traceback
from base64 import b64encode
from collections.abc import Callable
from contextlib import suppress

from sandbox.exchange import SERVER_PROBLEM, Answer, Refusal, Request
from sandbox.idempotency import Idempotency
from sandbox.ledger import Ledger
from sandbox.quota import Quota
from sandbox.routes import CONTROL, Route, route_of
from sandbox.world import World


class App:
    def __init__(self, world: World, key: str, ledger: Ledger | None = None) -> None:
        self.world = world
        self.ledger = ledger or Ledger(None)
        self.quota = Quota(world.active_companies(), enforced=world.switches.quota == "enforced")
        self._idempotency = Idempotency(world.store)
        self._authorization = b"Basic " + b64encode(key.encode())

    def answer(self, request: Request) -> Answer:
        """Never raises: what goes wrong in here is a 500, told on stderr."""
        if request.path.startswith(CONTROL):
            return self._guarded(self._behind_the_scenes, request)
        answer = self._guarded(self._public, request)
        answer.headers.update(self.quota.headers())
        return answer

    def _guarded(self, work: Callable[[Request], Answer], request: Request) -> Answer:
        try:
            return work(request)
        except Refusal as refusal:
            return refusal.answer()
        except Exception:
            traceback.print_exc()
            self._undo()
            return Refusal(500, SERVER_PROBLEM).answer()

    def _behind_the_scenes(self, request: Request) -> Answer:
        return route_of(request).handler(self.world, request)

    def _public(self, request: Request) -> Answer:
        try:
            self._admit(request)
        except Refusal as refusal:
            answer = refusal.answer()
            with suppress(Refusal):
                self._note(route_of(request), request, answer)
            return answer
        route = route_of(request)
        answer = (
            route.handler(self.world, request) if request.method == "GET" else self._changing(route, request)
        )
        self._note(route, request, answer)
        self.world.store.commit()
        return answer

    def _admit(self, request: Request) -> None:
        if self.world.api_is_out(self.world.now()):
            raise Refusal(503, SERVER_PROBLEM)
        self.quota.spend(self.world.now())
        given = request.headers.get("authorization", "").encode()
        if not hmac.compare_digest(given, self._authorization):
            raise Refusal(401, "Unauthorized")

    def _changing(self, route: Route, request: Request) -> Answer:
        try:
            kept = self._idempotency.begin(request, self.world.now())
        except Refusal as refusal:
            return refusal.answer()
        if kept:
            return kept
        try:
            answer = self._handled(route, request)
            self._idempotency.end(request, answer, self.world.now())
        finally:
            self._idempotency.leave(request)
        return answer

    def _handled(self, route: Route, request: Request) -> Answer:
        try:
            return route.handler(self.world, request)
        except Refusal as refusal:
            return refusal.answer()

    def _note(self, route: Route, request: Request, answer: Answer) -> None:
        if route.asks_for:
            self.ledger.write(self.world.now(), route.asks_for, request, answer)

    def _undo(self) -> None:
        self.world.store.rollback()
        self.world.recall()

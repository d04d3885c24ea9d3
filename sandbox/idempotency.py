"""`Idempotency-Key` on POST and PATCH (Codat docs): the first answer is kept for 90 minutes and given again.

Whether the endpoints that ask for a sync heed it at all stands nowhere: the OpenAPI never names it. A switch.
"""

from datetime import datetime, timedelta

from sandbox.dice import digest
from sandbox.exchange import Answer, Refusal, Request
from sandbox.store import Kept
from sandbox.world import World

KEPT_FOR = timedelta(minutes=90)
_OTHER = {"latest": "historic", "historic": "latest"}


class Idempotency:
    def __init__(self, world: World) -> None:
        self._world = world
        self._store = world.store
        self._in_progress: dict[str, Request] = {}

    def begin(self, request: Request, now: datetime) -> Answer | None:
        """The answer kept for this key; None when the request is to be worked on, until `leave` is called.

        Raises Refusal: 422 for a key used with another request, 409 while the first is still in progress.
        """
        key = self._key_of(request)
        if not key:
            return None
        if key in self._in_progress:
            raise Refusal(409, "A request with the same idempotency key is in progress.")
        kept = self._store.kept(key)
        if kept and kept.at > now - KEPT_FOR:
            if kept.request != _fingerprint(request):
                raise Refusal(422, "The idempotency key was already used with a different request.")
            return Answer(kept.status, kept.body)
        self._in_progress[key] = request
        return None

    def end(self, request: Request, answer: Answer, now: datetime) -> None:
        """Every answer is kept, errors too; only a 429 is not, so that it can be tried again."""
        key = self._key_of(request)
        forgets = self._world.switches.idempotency == "forgets_5xx" and answer.status >= 500
        if key and answer.status != 429 and not forgets:
            self._store.forget_kept_before(now - KEPT_FOR)
            self._store.keep(key, Kept(now, _fingerprint(request), answer.status, answer.body))

    def kept(self, request: Request) -> Kept | None:
        """What is remembered under the key of this request."""
        key = self._key_of(request)
        return self._store.kept(key) if key else None

    def leave(self, request: Request) -> None:
        """The request is in progress no longer, whatever came of it."""
        key = key_of(request) or ""
        if self._in_progress.get(key) is request:
            del self._in_progress[key]

    def _key_of(self, request: Request) -> str | None:
        switches, asks_for = self._world.switches, request.path.rpartition("/sync/commerce/")[2]
        heeds = switches.idempotency != "off" and switches.idempotent_posts != _OTHER.get(asks_for)
        return key_of(request) if heeds else None


def key_of(request: Request) -> str | None:
    return request.headers.get("idempotency-key") if request.method in ("POST", "PATCH") else None


def _fingerprint(request: Request) -> str:
    return digest(request.method, request.target, request.body.hex()).hex()

"""What Codat does not have: a look behind the scenes for tests, under /_sandbox/ and without a key."""

from collections import Counter
from itertools import islice

from sandbox.exchange import NOT_VALID, Answer, Refusal, Request, ok
from sandbox.kinds import KINDS
from sandbox.world import World

_KINDS = {kind.name for kind in KINDS}


def list_kinds(world: World, request: Request) -> Answer:
    counts = Counter(kind.name for kind in world.kinds)
    return ok([{"kind": kind.name, "about": kind.about, "merchants": counts[kind.name]} for kind in KINDS])


def list_merchants(world: World, request: Request) -> Answer:
    """Merchants of the seed, of one kind with `?kind=`, as many as `?limit=` says (1,000 if it does not)."""
    kind = request.query.get("kind")
    limit = request.query.get("limit", "1000")
    if (kind is not None and kind not in _KINDS) or not limit.isdecimal():
        raise Refusal(400, NOT_VALID)
    found = [
        {
            "company_id": merchant.company_id,
            "name": merchant.name,
            "kind": merchant.kind.name,
            "rerun": merchant.rerun,
            "zone": merchant.zone,
            "hour": merchant.hour,
        }
        for merchant in islice(world.of_kind(kind), int(limit))
    ]
    return ok(found)


def list_switches(world: World, request: Request) -> Answer:
    names = type(world.switches).__dataclass_fields__
    return ok({name: getattr(world.switches, name) for name in names})

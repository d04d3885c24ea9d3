"""Outages and waves, ordered while the sandbox runs: under /_sandbox/ and without a key."""

from sandbox.almanac import Befalling
from sandbox.exchange import NOT_VALID, Answer, Refusal, Request, ok
from sandbox.world import World


def list_outages(world: World, request: Request) -> Answer:
    return _listed(world, "outage")


def add_outage(world: World, request: Request) -> Answer:
    return _ordered(world, request, "outage")


def clear_outages(world: World, request: Request) -> Answer:
    return _cleared(world, "outage")


def list_waves(world: World, request: Request) -> Answer:
    return _listed(world, "wave")


def add_wave(world: World, request: Request) -> Answer:
    return _ordered(world, request, "wave")


def clear_waves(world: World, request: Request) -> Answer:
    return _cleared(world, "wave")


def _listed(world: World, kind: Befalling) -> Answer:
    return ok(world.almanac.orders(kind))


def _ordered(world: World, request: Request, kind: Befalling) -> Answer:
    body = request.json()
    if not isinstance(body, dict):
        raise Refusal(400, NOT_VALID)
    try:
        return ok(world.order(kind, body))
    except ValueError as error:
        raise Refusal(400, str(error)) from None


def _cleared(world: World, kind: Befalling) -> Answer:
    world.call_off(kind)
    return Answer(204)

"""Faults are set, listed and cleared under /_sandbox/faults, while the sandbox runs."""

from sandbox.exchange import Answer, Refusal, Request, ok
from sandbox.faults.kinds import KINDS, about
from sandbox.world import World


def list_kinds(world: World, request: Request) -> Answer:
    return ok([about(kind) for kind in KINDS.values()])


def list_faults(world: World, request: Request) -> Answer:
    """Those that are set, in the order in which they are tried; used up ones too, until they are cleared."""
    return ok([fault.told() for fault in world.faults.all()])


def set_fault(world: World, request: Request) -> Answer:
    try:
        return ok(world.faults.set(request.json_object()).told())
    except ValueError as error:
        raise Refusal(400, str(error)) from None


def clear_faults(world: World, request: Request) -> Answer:
    world.faults.clear()
    return Answer(204)


def clear_fault(world: World, request: Request) -> Answer:
    number = request.params["number"]
    found = [fault.id for fault in world.faults.all() if str(fault.id) == number]
    if not found or not world.faults.clear(found[0]):
        raise Refusal(404, f"No fault has the number {number}.")
    return Answer(204)

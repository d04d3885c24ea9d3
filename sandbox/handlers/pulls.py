"""Reads of a company's data: history, state of each data type, refresh (OpenAPI of the Platform)."""

from sandbox import pulls
from sandbox.exchange import Answer, Refusal, Request, ok
from sandbox.listing import listed
from sandbox.world import World


def list_pulls(world: World, request: Request) -> Answer:
    card, now = world.card(request.params["companyId"]), world.now()
    rows = [pulls.told(card, pull, now) for pull in pulls.history(card, now)]
    return ok(listed(request, rows, pulls.FIELDS))


def get_pull(world: World, request: Request) -> Answer:
    card, wanted, now = world.card(request.params["companyId"]), request.params["datasetId"], world.now()
    for pull in pulls.history(card, now):
        if pull.id == wanted:
            return ok(pulls.told(card, pull, now))
    raise Refusal(404, f"No data available for dataset {wanted} for ID {card.company_id}")


def get_status(world: World, request: Request) -> Answer:
    return ok(pulls.status(world.card(request.params["companyId"]), world.now()))


def refresh_all(world: World, request: Request) -> Answer:
    pulls.refresh_all(world, request.params["companyId"])
    return Answer(204)


def refresh_one(world: World, request: Request) -> Answer:
    company_id, data_type = request.params["companyId"], request.path.rpartition("/")[2]
    pull = pulls.refresh(world, company_id, data_type, request.query.get("connectionId"))
    return ok(pulls.told(world.card(company_id), pull, world.now()))

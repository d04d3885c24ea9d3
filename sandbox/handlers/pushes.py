"""Push operations: list and read (OpenAPI of the Platform)."""

from sandbox import pushes
from sandbox.exchange import Answer, Refusal, Request, ok
from sandbox.listing import listed
from sandbox.world import World


def list_pushes(world: World, request: Request) -> Answer:
    company_id, now = request.params["companyId"], world.now()
    found = pushes.history(world.timeline(company_id), now)
    rows = [pushes.told(company_id, push, now) for push in found]
    return ok(listed(request, rows, pushes.FIELDS))


def get_push(world: World, request: Request) -> Answer:
    company_id, wanted, now = request.params["companyId"], request.params["pushOperationKey"], world.now()
    for push in pushes.history(world.timeline(company_id), now):
        if push.key == wanted:
            return ok(pushes.told(company_id, push, now))
    raise Refusal(404, f"No data available for push operation {wanted} for ID {company_id}")

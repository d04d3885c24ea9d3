"""Who hears of what, and when: by event types, company tags, and the moment since which a consumer is there."""

from sandbox.world import World
from tests.sandbox.listening import (
    Listener,
    deliver,
    listening,
    newest_is_tried,
    quiet_for_a_while,
    something_happens,
    subscribed,
    tries,
)
from tests.sandbox.worlds import StoppedClock, read, send


def test_each_consumer_hears_what_it_asked_for(world: World, clock: StoppedClock) -> None:
    with listening() as all_, listening() as some, listening() as tagged, listening() as disabled:
        subscribed(world, all_)
        subscribed(world, some, "company.deleted", "connection.created")
        subscribed(world, tagged, companyTags=["region:uk", "plan:plus"])
        subscribed(world, disabled, disabled=True)
        something_happens(world, tags={"region": "UK"})
        something_happens(world, tags={"plan": "plus", "region": "us"})
        company_id = read(world, "/companies", query="name=Bank of Dave", pageSize="9")["results"][1]["id"]
        send(world, f"/companies/{company_id}/connections", '{"platformKey": "gbol"}')
        deliver(world, lambda: tries(world) == 6)
        assert sorted(all_.types()) == ["company.created", "company.created", "connection.created"]
        assert some.types() == ["connection.created"]
        assert sorted(tagged.types()) == ["company.created", "connection.created"]
        assert disabled.types() == []


def test_what_happened_before_a_consumer_was_made_is_not_told_to_it(
    world: World, clock: StoppedClock, listener: Listener
) -> None:
    something_happens(world)
    clock.passes(seconds=1)
    subscribed(world, listener)
    something_happens(world)
    deliver(world, newest_is_tried(world, 1))
    deliver(world, quiet_for_a_while())
    assert len(listener.heard) == 1


def test_what_lies_in_the_future_is_told_when_the_clock_gets_there(
    world: World, clock: StoppedClock, listener: Listener
) -> None:
    subscribed(world, listener, "journalEntries.write.successful")
    company_id = next(world.of_kind("flaky")).company_id
    send(world, f"/companies/{company_id}/sync/commerce/latest")
    deliver(world, quiet_for_a_while())
    assert listener.heard == []
    clock.passes(minutes=9)
    deliver(world, lambda: bool(listener.heard))
    assert listener.told()[0]["payload"]["referenceCompany"]["id"] == company_id


def test_nobodys_news_is_not_kept(world: World) -> None:
    something_happens(world)
    deliver(world, quiet_for_a_while())
    assert world.store.execute("SELECT count(*) FROM webhook_message").fetchone() == (0,)

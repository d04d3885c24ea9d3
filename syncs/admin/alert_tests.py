"""“Send a test” on the page of an alert rule: one message to where the saved rule goes, and how it gets on."""

from typing import Any
from urllib.parse import urlsplit

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Exists
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from syncs import context_processors, tasks
from syncs.admin.base import person
from syncs.admin.polling import polled
from syncs.models import AlertRule, Delivery, User
from syncs.operations import deliveries, surroundings
from syncs.record_filters import as_key

FRAGMENT = "admin/syncs/alertrule/test.html"
NAME = "syncs_alertrule_test"


def urls(site: admin.AdminSite) -> list[URLPattern]:
    return [
        path("<int:pk>/test/", site.admin_view(press), name=NAME),
        path("<int:pk>/test/progress/", polled(site.admin_view(progress), _shown), name=f"{NAME}_progress"),
    ]


def send(rule: AlertRule, *, by: User) -> Delivery:
    delivery = deliveries.make_test(rule, by=by, now=timezone.now())
    tasks.deliver_soon(delivery)
    return delivery


@require_POST
def press(request: HttpRequest, pk: int) -> HttpResponse:
    """One that nobody has tried yet is not joined by another."""
    _refuse_others(request)
    rule = get_object_or_404(AlertRule, pk=pk)
    last = deliveries.tests_of(pk).first()
    if not (last and _is_on_its_way(last) and last.tries == 0):
        send(rule, by=person(request))
    return redirect(reverse("admin:syncs_alertrule_change", args=[pk]) + "#test")


@require_safe
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """How the last test gets on."""
    _refuse_others(request)
    context = told(str(pk))
    return render(request, FRAGMENT, context | {"oob": True}) if context else HttpResponse(status=204)


def told(pk: str) -> dict[str, Any]:
    """What the rule's page shows of its last test; nothing where there is no such rule."""
    rule = AlertRule.objects.filter(pk=as_key(pk) or 0).first()
    if rule is None:
        return {}
    last = surroundings.read_with(deliveries.tests_of(rule.pk)).first()
    return {
        "rule": rule,
        "test": last,
        "is_on_its_way": bool(last and _is_on_its_way(last)),
        "goes_to": where(rule),
        "version": _version(last) if last else "",
    }


def where(rule: AlertRule) -> str:
    """Not a webhook's address, which lets whoever knows it write there."""
    return (
        f"webhook at {urlsplit(rule.address).hostname}"
        if rule.channel == AlertRule.Channel.WEBHOOK
        else rule.address
    )


def _is_on_its_way(delivery: Delivery) -> bool:
    return delivery.state == Delivery.State.QUEUED


def _shown(pk: int, may_see: Exists) -> str | None:
    last = surroundings.read_with(deliveries.tests_of(pk).filter(may_see)).first()
    return _version(last) if last else None


def _version(delivery: Delivery) -> str:
    notices = context_processors.version(surroundings.of(delivery), timezone.now())
    return f"{delivery.pk}-{delivery.state}-{delivery.tries}-{delivery.next_try_at:%H%M%S}-{notices}"


def _refuse_others(request: HttpRequest) -> None:
    if not request.user.has_perm("syncs.administer"):
        raise PermissionDenied

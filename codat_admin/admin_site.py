from typing import Any

from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache


class PanelAdminSite(AdminSite):
    """Django's admin for the role admin, whatever is_staff says; one sign-in for the whole panel."""

    site_header = "Sync Desk administration"
    site_title = "Sync Desk"
    index_title = "Administration"
    enable_nav_sidebar = True

    def has_permission(self, request: HttpRequest) -> bool:
        return request.user.is_active and request.user.has_perm("syncs.administer")

    @method_decorator(never_cache)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponseBase:  # type: ignore[override]
        if request.user.is_authenticated and not self.has_permission(request):
            raise PermissionDenied("These pages are for the role admin. Ask an admin.")
        return redirect_to_login(request.GET.get("next") or reverse("admin:index"), settings.LOGIN_URL)

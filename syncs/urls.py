"""The panel's table of contents."""

from django.urls import URLPattern, path

from syncs.views import checks, merchant, rerun

urlpatterns: list[URLPattern] = [
    path("merchants/<uuid:company_id>/", merchant.merchant, name="merchant"),
    path("merchants/<uuid:company_id>/check/", merchant.check_now, name="check-now"),
    path("merchants/<uuid:company_id>/notes/", merchant.add_note, name="add-note"),
    path("merchants/<uuid:company_id>/syncs/<int:pk>/", merchant.sync, name="sync"),
    path("merchants/<uuid:company_id>/range/", rerun.preview, name="preview-range"),
    path("merchants/<uuid:company_id>/rerun/<slug:kind>/review/", rerun.review, name="rerun-review"),
    path("merchants/<uuid:company_id>/rerun/<slug:kind>/confirm/", rerun.confirm, name="rerun-confirm"),
    path("merchants/<uuid:company_id>/requests/<int:pk>/cancel/", rerun.cancel, name="cancel-request"),
    path("healthz", checks.healthz, name="healthz"),
    path("readyz", checks.readyz, name="readyz"),
]

"""The panel's table of contents."""

from django.urls import URLPattern, path

from syncs.views import (
    account,
    activity,
    checks,
    health,
    merchant,
    requests,
    rerun,
    review,
    sending,
    syncs,
    webhooks,
)

urlpatterns: list[URLPattern] = [
    path("", health.health, name="health"),
    path("health/live/", health.health_live, name="health-live"),
    path("merchants/<uuid:company_id>/", merchant.merchant, name="merchant"),
    path("merchants/<uuid:company_id>/check/", merchant.check_now, name="check-now"),
    path("merchants/<uuid:company_id>/notes/", merchant.add_note, name="add-note"),
    path("merchants/<uuid:company_id>/syncs/<int:pk>/", merchant.sync, name="sync"),
    path("merchants/<uuid:company_id>/range/", rerun.preview, name="preview-range"),
    path("merchants/<uuid:company_id>/rerun/<slug:kind>/review/", rerun.review, name="rerun-review"),
    path("merchants/<uuid:company_id>/rerun/<slug:kind>/confirm/", rerun.confirm, name="rerun-confirm"),
    path("syncs/", syncs.syncs, name="syncs"),
    path("requests/", requests.requests, name="requests"),
    path("requests/live/", requests.requests_live, name="requests-live"),
    path("requests/review/", review.review, name="review"),
    path("requests/review/confirm/", review.confirm, name="review-confirm"),
    path("requests/review/save/", review.save, name="review-save"),
    path("requests/<int:pk>/", requests.sync_request, name="request"),
    path("requests/<int:pk>/cancel/", requests.cancel, name="cancel-request"),
    path("requests/<int:pk>/verdict/", requests.decide, name="request-verdict"),
    path("sending/", sending.sending, name="sending"),
    path("sending/freeze/", sending.freeze, name="freeze-sending"),
    path("sending/resume/", sending.resume, name="resume-sending"),
    path("activity/", activity.activity, name="activity"),
    path("sign-in/", account.sign_in, name="sign-in"),
    path("sign-out/", account.sign_out, name="sign-out"),
    path("profile/", account.profile, name="profile"),
    path("profile/password/", account.change_password, name="change-password"),
    path("webhooks/codat", webhooks.codat, name="webhooks"),
    path("healthz", checks.healthz, name="healthz"),
    path("readyz", checks.readyz, name="readyz"),
]

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("syncs.urls")),
]

handler403 = "syncs.views.errors.forbidden"
handler404 = "syncs.views.errors.not_found"
handler500 = "syncs.views.errors.server_error"

"""The panel's table of contents."""

from django.urls import URLPattern, path

urlpatterns: list[URLPattern] = []

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as StockUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.contrib.auth.models import Group
from django.db import transaction
from django.http import HttpRequest, HttpResponse

from syncs.admin.base import KeptAdmin, person
from syncs.models import User
from syncs.operations import log, people
from syncs.roles import ROLES

ROLE_CHOICES = [(role, role) for role in ROLES]
MAY = "Viewer: sees everything. Support: asks for syncs. Lead: decides reviews. Admin: these pages too."

# The roles are what the code says: no page changes them.
admin.site.unregister(Group)


class RoleField(forms.ChoiceField):
    def __init__(self) -> None:
        super().__init__(choices=ROLE_CHOICES, initial="viewer", help_text=MAY)


class AddPersonForm(AdminUserCreationForm):
    role = RoleField()

    class Meta(AdminUserCreationForm.Meta):
        model = User


class PersonForm(UserChangeForm):
    role = RoleField()

    class Meta(UserChangeForm.Meta):
        model = User

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "role" in self.fields:
            self.fields["role"].initial = people.role_of(self.instance) or "viewer"


class OwnForm(PersonForm):
    """An admin who took the role from themselves could not give it back."""

    def clean_role(self) -> str:
        if self.cleaned_data["role"] != "admin" and not self.instance.is_superuser:
            raise forms.ValidationError("You cannot take the role admin from yourself. Ask another admin.")
        return str(self.cleaned_data["role"])

    def clean_is_active(self) -> bool:
        if not self.cleaned_data["is_active"]:
            raise forms.ValidationError("You cannot deactivate yourself. Ask another admin.")
        return True


@admin.register(User)
class PersonAdmin(KeptAdmin, StockUserAdmin):
    form = PersonForm
    add_form = AddPersonForm
    list_display = ("username", "first_name", "last_name", "role", "is_active", "last_login")
    list_filter = ("is_active", "groups")
    search_fields = ("username", "first_name", "last_name", "email")
    filter_horizontal = ()
    actions = None
    readonly_fields = ("is_superuser", "last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": ("first_name", "last_name", "email", "time_zone")}),
        ("What they may do", {"fields": ("role", "is_active", "is_superuser")}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (None, {"fields": ("username", "usable_password", "password1", "password2")}),
        ("Person", {"fields": ("first_name", "last_name", "email")}),
        ("What they may do", {"fields": ("role",)}),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("groups")

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:
        return StockUserAdmin.get_search_results(self, request, queryset, search_term)

    @admin.display
    def role(self, user: User) -> str:
        held = {group.name for group in user.groups.all()}
        return next((role for role in reversed(ROLES) if role in held), "viewer")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A superuser's password in another's hands would be a way up."""
        if isinstance(obj, User) and obj.is_superuser and not person(request).is_superuser:
            return False
        return super().has_change_permission(request, obj)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        if obj and obj.pk == request.user.pk:
            kwargs["form"] = OwnForm
        return super().get_form(request, obj, change=change, **kwargs)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """The role and the switch are given by operations, so that they stand in the activity."""
        active, obj.is_active = obj.is_active, form.initial.get("is_active", True)
        with transaction.atomic():
            obj.save()
            if not change:
                log.record("user.added", f"Added {obj.display_name}", actor=person(request))
            people.set_active(obj, active, by=person(request))
            people.give_role(obj, form.cleaned_data["role"], by=person(request))

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        response = super().user_change_password(request, id, form_url)
        if request.method == "POST" and response.status_code == 302:
            user = User.objects.get(pk=id)
            log.record("user.password", f"Set a new password for {user.display_name}", actor=person(request))
        return response

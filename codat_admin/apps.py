from django.contrib.admin.apps import AdminConfig


class PanelAdminConfig(AdminConfig):
    default_site = "codat_admin.admin_site.PanelAdminSite"

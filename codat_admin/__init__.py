from codat_admin.celery import app

__all__ = ["app"]

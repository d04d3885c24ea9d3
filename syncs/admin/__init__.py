"""The register: merchants, people and the playbook may be changed here; what happened may only be read."""

from syncs.admin import alerts as alerts
from syncs.admin import merchants as merchants
from syncs.admin import people as people
from syncs.admin import playbook as playbook
from syncs.admin import records as records

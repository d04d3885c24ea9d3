from typing import Any
from django.contrib import admin

"""Misbehaviour on demand: what a network and a service can do to a request, set while the sandbox runs."""

"""Webhooks: who wants to be told, what is told, and the courier who tells it. To this machine only."""

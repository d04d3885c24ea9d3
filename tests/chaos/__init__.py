"""Proof by real processes that a press is never sent twice and never lost."""

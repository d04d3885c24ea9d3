"""Measurements: programs that print tables, no tests."""

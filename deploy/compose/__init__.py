"""Prepares the production system of compose.yaml: its secrets before the first start, its database at it."""

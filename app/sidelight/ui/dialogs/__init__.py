"""Dialogs: shown a value, closed by a wish. They are opened, never executed, so that no loop is nested in another."""

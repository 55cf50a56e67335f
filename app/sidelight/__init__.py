"""Sidelight: one prompt, several language models, their traces and answers side by side."""

__version__ = "0.1.0"

"""Conversations out of the profile and back: Markdown and HTML for people, JSON for programs and for coming back whole.

`source` says what is to be written, `registry` in which formats, `export` writes a file, `intake` takes one in.
"""

"""Conversations out of the profile and back: Markdown and HTML for people, JSON for programs and for coming back whole; and in
from what other programs export.

`source` says what is to be written, `registry` in which formats, `export` writes a file. `importing` takes files in, which
`importers` read in a process of their own; `intake` stores what is new of them, and `report` says what became of each.
"""

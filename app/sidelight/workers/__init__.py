"""One killable process for work that may never end: it runs a job by its dotted path, with a deadline and a memory cap.

Knows no job. `process` is this side of it, `child` the other, `frames` what goes between them.
"""

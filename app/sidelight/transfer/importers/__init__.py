"""Conversations of other programs, and our own, as files: one module a format, strangers to each other.

`registry` tells the format by what is in the file, `container` opens it, `stream` cuts JSON into conversations, `reading` gets
values out of whatever stands there, `thread` makes a conversation of messages, `job` runs all of it in the worker process.
Nothing here knows the store of the person; a name in a file is never used as a path.
"""

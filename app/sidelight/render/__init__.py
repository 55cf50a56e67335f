"""Model text -> a tree of frozen blocks. No Qt, no I/O; how blocks look is decided in ui/document."""

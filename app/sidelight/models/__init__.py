"""What a model is, what it costs, whether it fits: facts from resource files and replies, no I/O but reading those files."""

"""The outside world: a request in, chat events out. One file a provider; see docs/backends.md."""

"""See `cryptography`."""


def default_backend() -> None:
    """There is one."""

"""See `cryptography`."""


class AES:
    """A key."""

    def __init__(self, key: bytes) -> None:
        self.key = bytes(key)

"""See `cryptography`."""


class CBC:
    """Each block is mixed with the one before; the first with the vector."""

    def __init__(self, initialization_vector: bytes) -> None:
        self.initialization_vector = bytes(initialization_vector)

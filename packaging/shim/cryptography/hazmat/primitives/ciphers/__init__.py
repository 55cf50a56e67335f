"""AES-128-CBC by libcrypto's EVP interface, without padding of its own: SecretStorage adds and removes that."""

from __future__ import annotations

import ctypes
import functools

from cryptography.hazmat.primitives.ciphers import algorithms, modes

__all__ = ["Cipher", "algorithms", "modes"]

_BLOCK = 16


@functools.cache
def _libcrypto() -> ctypes.CDLL:
    """The libcrypto this process holds already, which `_hashlib` is linked to. Raises OSError."""
    import _hashlib  # noqa: F401 - brings libcrypto in

    library = ctypes.CDLL("libcrypto.so.3")
    pointer, text = ctypes.c_void_p, ctypes.c_char_p
    library.EVP_CIPHER_CTX_new.restype = pointer
    library.EVP_CIPHER_CTX_free.argtypes = [pointer]
    library.EVP_CIPHER_CTX_free.restype = None
    library.EVP_aes_128_cbc.restype = pointer
    library.EVP_CipherInit_ex.argtypes = [pointer, pointer, pointer, text, text, ctypes.c_int]
    library.EVP_CIPHER_CTX_set_padding.argtypes = [pointer, ctypes.c_int]
    library.EVP_CipherUpdate.argtypes = [pointer, pointer, ctypes.POINTER(ctypes.c_int), text, ctypes.c_int]
    return library


class _Context:
    """One direction. Gives whole blocks as they come; `finalize` refuses half of one."""

    def __init__(self, key: bytes, vector: bytes, *, encrypt: bool) -> None:
        self._library = _libcrypto()
        self._context = self._library.EVP_CIPHER_CTX_new()
        self._given = 0
        started = self._context and self._library.EVP_CipherInit_ex(
            self._context, self._library.EVP_aes_128_cbc(), None, key, vector, int(encrypt)
        )
        if not started or not self._library.EVP_CIPHER_CTX_set_padding(self._context, 0):
            raise RuntimeError("libcrypto refused AES-128-CBC")

    def update(self, data: bytes) -> bytes:
        """The next part. Raises RuntimeError where libcrypto fails."""
        self._given += len(data)
        room = ctypes.create_string_buffer(len(data) + _BLOCK)
        length = ctypes.c_int(0)
        if not self._library.EVP_CipherUpdate(
            self._context, room, ctypes.byref(length), bytes(data), len(data)
        ):
            raise RuntimeError("libcrypto failed")
        return room.raw[: length.value]

    def finalize(self) -> bytes:
        """There is nothing left. Raises ValueError after half a block."""
        if self._given % _BLOCK:
            raise ValueError("the length is no multiple of 16 bytes")
        return b""

    def __del__(self) -> None:
        if self._context:
            self._library.EVP_CIPHER_CTX_free(self._context)


class Cipher:
    """AES with a key of 16 bytes in CBC mode. Raises ValueError for any other."""

    def __init__(self, algorithm: algorithms.AES, mode: modes.CBC, backend: None = None) -> None:  # noqa: ARG002 - the caller's spelling
        if len(algorithm.key) != _BLOCK or len(mode.initialization_vector) != _BLOCK:
            raise ValueError("only AES-128-CBC is here")
        self._key, self._vector = algorithm.key, mode.initialization_vector

    def encryptor(self) -> _Context:
        """To encipher."""
        return _Context(self._key, self._vector, encrypt=True)

    def decryptor(self) -> _Context:
        """To decipher."""
        return _Context(self._key, self._vector, encrypt=False)

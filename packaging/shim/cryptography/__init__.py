"""Stands in for `cryptography` in the Linux package: AES-128-CBC over the libcrypto that Python's ssl uses anyway.

SecretStorage asks for nothing else (it enciphers a secret on its way over the session bus); the wheel would add 12 MB. Not a
general library: any other cipher, mode or direction is refused. `sidelight --self-test` makes a round trip through it.
"""

__version__ = "0+sidelight.shim"

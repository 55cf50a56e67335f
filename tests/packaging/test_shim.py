"""The stand-in for `cryptography` enciphers as NIST says, and refuses everything else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.packaging.recipes import PACKAGING

# NIST SP 800-38A, F.2.1: CBC-AES128.
KEY = "2b7e151628aed2a6abf7158809cf4f3c"
VECTOR = "000102030405060708090a0b0c0d0e0f"
PLAIN = "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
CIPHER = "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2"

USE = f"""
import cryptography
from cryptography.hazmat.backends import default_backend
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
assert "shim" in cryptography.__version__
h = bytes.fromhex
cipher = Cipher(algorithms.AES(h("{KEY}")), modes.CBC(h("{VECTOR}")), default_backend())
there = cipher.encryptor()
print((there.update(h("{PLAIN}")) + there.finalize()).hex())
back = cipher.decryptor()
print((back.update(h("{CIPHER}")[:7]) + back.update(h("{CIPHER}")[7:]) + back.finalize()).hex())
"""


def run(code: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(PACKAGING / "shim")}
    return subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="for the Linux package")
def test_aes_128_cbc() -> None:
    done = run(USE)
    assert done.stdout.split() == [CIPHER, PLAIN], done.stderr


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="for the Linux package")
@pytest.mark.parametrize(
    "wrong",
    [
        "Cipher(algorithms.AES(bytes(32)), modes.CBC(bytes(16)))",
        "Cipher(algorithms.AES(bytes(16)), modes.CBC(bytes(12)))",
        "half = cipher.encryptor(); half.update(b'seven..'); half.finalize()",
    ],
)
def test_anything_else_is_refused(wrong: str) -> None:
    done = run(f"{USE}\n{wrong}\n")
    assert done.returncode == 1
    assert "ValueError" in done.stderr


def test_what_secretstorage_asks_for_is_there() -> None:
    """It names no other part of `cryptography`: a new version that does must not go into a package unseen."""
    secretstorage = pytest.importorskip("secretstorage")
    asked = {
        line.strip()
        for file in Path(secretstorage.__file__).parent.glob("*.py")
        for line in file.read_text(encoding="utf-8").splitlines()
        if "cryptography" in line and "import" in line
    }
    assert asked == {
        "from cryptography.hazmat.backends import default_backend",
        "from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes",
    }

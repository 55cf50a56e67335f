"""On Linux `shim/cryptography` stands in for the wheel of this name: there is nothing to collect (see packaging/README.md)."""

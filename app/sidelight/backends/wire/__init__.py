"""The languages of the wire, without I/O: bytes to frames, frames to chat events, requests to JSON."""

"""The embedded engine: starts, watches and stops a llama.cpp server of our own; fetches, checks and lists its weights.

Not a backend: it gives an address and a key, and `backends` speaks to it like to any other llama.cpp server. Nothing
here composes a sentence: failures are codes with numbers, which `messages` puts into words.
"""

"""Makes a conversation run: one prompt to many lanes, kept on disk while it streams, folded for whoever looks.

Two threads meet here. What touches a socket lives on the network's loop (`network`, `outside`, `fanout`, `recorder`,
`embedded`); `session` lives in the face's thread. Between them stands one queue.
"""

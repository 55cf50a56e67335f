"""What a conversation is: frozen values and pure functions, standard library only.

Nothing here performs I/O, knows a provider, or draws. Change is a function: `reply.fold(reply, stamped)`.
"""

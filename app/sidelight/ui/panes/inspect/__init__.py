"""The inspector: what is known of one reply, and how."""

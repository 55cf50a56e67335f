"""Where the prompt is written and sent, and where it is seen which lanes will answer it."""

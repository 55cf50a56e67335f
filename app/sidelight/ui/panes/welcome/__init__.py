"""What is seen before the first prompt: what this is, where models come from, what to try."""

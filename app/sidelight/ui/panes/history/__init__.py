"""The conversations, newest first."""

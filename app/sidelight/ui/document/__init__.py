"""Blocks on the screen: one document a block, and the view that keeps only those near alive. Knows nothing of chat."""

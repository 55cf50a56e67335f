"""One file a format, strangers to each other: `pieces(source)` gives the text of an export, a piece at a time."""

"""The guide of the Help window. The only place with an HTML sink, and it shows files of our own package alone."""

"""The parts of the main window. Siblings are strangers: the main window alone joins their values and wishes."""

"""Parts of the main window, each with a thing of its own to know; the window joins them. They know no one above them."""

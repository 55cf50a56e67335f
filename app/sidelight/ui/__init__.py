"""Everything that is Qt: the window, its panes, its dialogs. Nothing below this package knows that it exists.

A widget is a value in, a picture out, a wish up: it is shown a value, it draws it, and it tells what the person
wants by a signal. `bridge` alone speaks to the session.
"""

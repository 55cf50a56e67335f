"""Lanes side by side: what each model thought and answered, turn by turn."""

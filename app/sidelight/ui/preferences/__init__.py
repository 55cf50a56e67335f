"""The preferences window and its pages, one a file: shown a `Settings`, they tell the changed one."""

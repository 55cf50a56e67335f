"""What is kept: one SQLite file of conversations, and the journal that brings a running reply onto the disk.

The only door to sqlite3. `database` has the connections and threads, `migrations` the schema, `conversations` the
queries, `journal` the deltas of running replies, `codec` the values as JSON.
"""

"""The 64 faults of a client, C1 to C64: each ends in the state named here, its text kept, the other lanes untouched.

They are played in `test_refusals`, `test_streams`, `test_sizes` and `test_changes`, so that two processes can share them.
"""

from __future__ import annotations

from tests.faults.changes import CHANGES
from tests.faults.refusals import REFUSALS
from tests.faults.scene import Fault
from tests.faults.sizes import SIZES
from tests.faults.streams import STREAMS

TABLE: tuple[Fault, ...] = (*REFUSALS, *STREAMS, *SIZES, *CHANGES)

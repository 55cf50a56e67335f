"""C21 to C49 with one lane and with eight."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.faults.scene import Fault
from tests.faults.streams import STREAMS


@pytest.mark.parametrize("lanes", [1, 8])
@pytest.mark.parametrize("fault", STREAMS, ids=str)
def test_a_fault_ends_as_the_table_says(
    fault: Fault, lanes: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    fault.play(tmp_path, lanes, caplog)

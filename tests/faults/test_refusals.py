"""C1 to C20 with one lane and with eight."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.faults.refusals import REFUSALS
from tests.faults.scene import Fault


@pytest.mark.parametrize("lanes", [1, 8])
@pytest.mark.parametrize("fault", REFUSALS, ids=str)
def test_a_fault_ends_as_the_table_says(
    fault: Fault, lanes: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    fault.play(tmp_path, lanes, caplog)

"""What counts as a full memory."""

from __future__ import annotations

import pytest

from atu_gui.core.errors import ResourceError, is_out_of_memory


@pytest.mark.parametrize(
    ("error", "full"),
    [
        (MemoryError(), True),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes."), True),
        (ValueError("could not determine the shape of object type 'torch.storage.UntypedStorage'"), True),
        (ValueError("can't allocate memory"), False),
        (RuntimeError("shapes do not fit"), False),
    ],
)
def test_a_full_memory_is_known_by_its_type_or_words(error: Exception, full: bool) -> None:
    assert is_out_of_memory(error) is full


@pytest.mark.parametrize(
    ("outer", "full"), [(ValueError("Unable to create tensor"), True), (ResourceError("x."), False)]
)
def test_a_library_that_raises_its_own_error_from_it(outer: Exception, full: bool) -> None:
    """What we raise ourselves says all there is to say."""
    try:
        raise outer from RuntimeError("DefaultCPUAllocator: can't allocate memory")
    except type(outer) as error:
        assert is_out_of_memory(error) is full

"""What Python itself gives to modules."""

import json
import json.decoder
from types import ModuleType

from hotswap.journal import MISSING
from hotswap.patch.given import given


def names_given(module: ModuleType) -> dict[str, object]:
    found = {name: given(module.__name__, vars(module), name) for name in vars(module)}
    return {name: value for name, value in found.items() if value is not MISSING}


def test_a_package_and_a_module_have_what_the_import_system_gave_them() -> None:
    """No statement of these two gives such a name a value, but for the docstring."""
    for module in (json, json.decoder):
        expected = {n: v for n, v in vars(module).items() if n in names_given(module)}
        assert names_given(module) == {**expected, "__doc__": None}
        assert {"__name__", "__package__", "__loader__", "__file__", "__cached__"} < names_given(module).keys()


def test_names_that_only_look_so_are_not_given() -> None:
    """`__all__` is a name like others."""
    assert given("json", vars(json), "__all__") is MISSING
    assert given("json.decoder", vars(json.decoder), "__path__") is MISSING


def test_a_script_has_no_spec_to_tell_it() -> None:
    """Nor one whose spec is that of another module."""
    assert given("__main__", {"__spec__": None}, "__file__") is MISSING
    assert given("__main__", {"__spec__": json.__spec__}, "__file__") is MISSING

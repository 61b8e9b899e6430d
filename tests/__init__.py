"""The tests of hotswap: `tests.conformance` and `tests.replay` are also command line tools."""

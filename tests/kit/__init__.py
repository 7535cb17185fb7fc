"""The kit of the end-to-end tests: generators of legacy and v2 streams, expected results, Xen's scripts, our programs."""

"""The kit of the end-to-end tests: builds streams and expected results; runs Xen's scripts and our programs."""

"""What the end-to-end tests need: legacy streams, the v2 streams expected of them, Xen's script, our program."""

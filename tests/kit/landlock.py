"""The Landlock ABI version of the kernel."""

import ctypes

_CREATE_RULESET = 444       # number of the system call
_VERSION = 1


ABI = max(0, ctypes.CDLL(None).syscall(_CREATE_RULESET, None, 0, _VERSION))     # 0: not supported

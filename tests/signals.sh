#!/bin/sh
# signals.sh [RUNS [SEED]]: sends signals at random moments, by default in 1000 runs; the test suite has 60.
set -eu
cd "$(dirname "$0")/.."
SIGNAL_RUNS=${1:-1000} SIGNAL_SEED=${2:-1} exec /usr/bin/python3 tests/e2e/test_signals.py Random

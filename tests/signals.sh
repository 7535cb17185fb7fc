#!/bin/sh
# A long campaign of signals at random moments: signals.sh [RUNS [SEED]]; the suite itself does 60.
set -eu
cd "$(dirname "$0")/.."
SIGNAL_RUNS=${1:-1000} SIGNAL_SEED=${2:-1} exec /usr/bin/python3 tests/e2e/test_signals.py Random

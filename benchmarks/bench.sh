#!/usr/bin/env bash
# bash benchmarks/bench.sh NAME: builds what is out of date, then runs the benchmark of that name.
source "$(dirname "${BASH_SOURCE[0]}")/../scripts/common.sh"

bash scripts/build.sh
node -r ./benchmarks/register.js benchmarks/main.ts "$@"

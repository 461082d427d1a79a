#!/usr/bin/env bash
# bash benchmarks/bench.sh NAME: builds what is out of date, fetches the base where it is missing, then runs the benchmark
# of that name.
source "$(dirname "${BASH_SOURCE[0]}")/../scripts/common.sh"

bash scripts/build.sh
node bin/harmonic.js model pull smollm2-135m >&2
node -r ./benchmarks/register.js benchmarks/main.ts "$@"

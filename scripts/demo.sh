#!/usr/bin/env bash
# Sets up what is missing, then the main job on the Pima diabetes table. Ends by printing where the synthetic table and
# the report are, and the scores.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

bash scripts/setup.sh
# Fewer passes over the table, and fewer prompts, than by default: enough to learn it, in minutes on two cores.
node bin/harmonic.js run examples/diabetes.csv --target Outcome --base smollm2-135m --epochs 3 --rows-per-prompt 2 \
  --out harmonic-diabetes

#!/usr/bin/env bash
# The tests of a device: `bash scripts/test-device.sh cuda`. By default vulkan, on Mesa's renderer on the processor, which
# scripts/vulkan.sh installs; without it they are skipped.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

export HARMONIC_TEST_DEVICE=${1:-vulkan}
attempts=1
# Mesa 22.3's renderer takes up descriptors that no shader uses, of buffers that are gone, and so ends the process now and
# then, by a segmentation fault or by malloc's abort: docs/devices.md. What ends otherwise has failed.
if [ "$HARMONIC_TEST_DEVICE" = vulkan ] && [ -z "${GGML_VK_VISIBLE_DEVICES:-}" ]; then attempts=3; fi
for ((attempt = 1; attempt <= attempts; attempt++)); do
  say "jest, on the device $HARMONIC_TEST_DEVICE"
  code=0
  node_modules/.bin/jest --runInBand || code=$?
  [ "$code" -eq 139 ] || [ "$code" -eq 134 ] || exit "$code"
  say "ended by signal $((code - 128)) in attempt $attempt of $attempts"
done
exit "$code"

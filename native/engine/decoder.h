#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "engine/batch.h"
#include "engine/evaluator.h"

namespace harmonic {

/** An evaluator with the batch that it is given next, and counts of what it evaluated. */
struct Decoder {
  std::unique_ptr<Evaluator> evaluator;
  std::function<bool()> aborted;
  Batch batch;
  int64_t n_tokens = 0, n_batches = 0;

  /** Evaluates the batch. Throws Error E_ABORTED where `aborted` says so. */
  void decode();
};

}  // namespace harmonic

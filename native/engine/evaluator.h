#pragma once
#include <cstdint>
#include <functional>
#include <vector>

#include "engine/batch.h"

namespace harmonic {

struct EvaluatorOptions {
  int n_sequences = 1;
  int n_context = 0;  // tokens that a sequence may hold
  int n_batch = 512;  // tokens of the largest batch
  int threads = 1;
  // token ids whose logits are asked for, ascending; empty: all
  std::vector<int32_t> vocabulary;
  // asked while a batch is evaluated: true ends it
  std::function<bool()> aborted;
};

/**
 * A language model that keeps the keys and values of many sequences: what the generator draws from.
 * A sequence holds the positions 0 .. n - 1; tokens added at position p follow those before it.
 */
class Evaluator {
 public:
  virtual ~Evaluator() = default;

  /** Forgets everything. */
  virtual void clear() = 0;
  /** Forgets the positions of a sequence from `from` on. */
  virtual void remove(int sequence, int from) = 0;
  /** Gives `to` the positions of `from`, in place of its own. */
  virtual void copy(int from, int to) = 0;
  /** Evaluates a batch. Throws Error E_ABORTED where it was ended, E_NATIVE where it failed. */
  virtual void evaluate(Batch& batch) = 0;
  /** Logits behind the token at this index of the last batch, which had its output flagged. */
  virtual const float* logits(int index) = 0;
  /** Number of logits behind a token: of the vocabulary asked for, or more. */
  virtual int n_logits() const = 0;
  /** Place of a token of the vocabulary among the logits. */
  virtual int place(int32_t token) const = 0;
};

}  // namespace harmonic

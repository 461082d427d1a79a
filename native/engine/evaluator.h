#pragma once
#include <cstdint>
#include <functional>
#include <set>
#include <string>
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
  // of each column, and behind them of none: those asked for behind its tokens, ascending; empty:
  // the vocabulary behind all
  std::vector<std::vector<int32_t>> column_vocabularies;
  // logits asked for behind one batch at most; 0: one a sequence
  int n_outputs = 0;
  // keys and values in 16 bits, not 32
  bool small_cache = true;
  // products of 16-bit factors where this processor is faster at them
  bool half_products = true;
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
  /** Gives them to all of these, ascending, of which it may be one. */
  virtual void copy_to_all(int from, const std::vector<int>& to) {
    for (const int sequence : to) {
      if (sequence != from) copy(from, sequence);
    }
  }
  /** Evaluates a batch. Throws Error E_ABORTED where it was ended, E_NATIVE where it failed. */
  virtual void evaluate(Batch& batch) = 0;
  /** Logits behind the token at this index of the last batch, which had its output flagged. */
  virtual const float* logits(int index) = 0;
  /** Number of logits behind a token: of the vocabulary asked for, or more. */
  virtual int n_logits() const = 0;
  /** Whether the sequences of a batch may get different numbers of tokens at no cost. */
  virtual bool is_ragged() const { return false; }
  /** Tokens of several prompts that one batch is to take; 0: prompts come one by one. */
  virtual int tokens_of_prompts() const { return 0; }
  /** What a batch costs beside its tokens, in tokens: the weights' way from memory above all. */
  virtual double batch_cost() const { return 3; }
  /** Operations that a device has no kernel for and the processor computes, by name. */
  virtual std::set<std::string> on_cpu() const { return {}; }
  /** Place of a token of the vocabulary among the logits behind a token of this column. */
  virtual int place(int32_t token, int32_t column) const = 0;
};

}  // namespace harmonic

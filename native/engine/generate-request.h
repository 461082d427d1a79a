#pragma once

#include <cstdint>
#include <vector>

#include "engine/grammar.h"

namespace harmonic {

/** Rows to draw behind prompts. */
struct GenerateRequest {
  std::vector<int32_t> prompts;         // one after another
  std::vector<int32_t> prompt_offsets;  // prompts + 1
  int rows_per_prompt = 1;
  std::vector<uint64_t> seeds;  // one a row, shape (prompts * rows_per_prompt)
  double temperature = 1;
  std::vector<int32_t> start_states;    // one a row; empty: 0
  std::vector<int32_t> prefixes;        // tokens that rows begin with, one row after another
  std::vector<int32_t> prefix_offsets;  // rows + 1; empty: no prefixes
  std::vector<double> temperatures;     // one a column, NaN: the general one; empty: all so
  double top_p = 1;
  double min_p = 0;

  /** Throws Error E_USAGE unless `n_sequences` rows at a time, with prompts of `n_context` tokens
   * at most, can be drawn so. The tokens themselves are the model's to check. */
  void check(const Grammar& grammar, int n_sequences, int n_context) const;

  int n_prompts() const { return static_cast<int>(prompt_offsets.size()) - 1; }
  int n_rows() const { return n_prompts() * rows_per_prompt; }
  /** The prompt that row r stands behind. */
  int prompt_of(int r) const { return r / rows_per_prompt; }
};

}  // namespace harmonic

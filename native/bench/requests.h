#pragma once
#include <memory>
#include <string>
#include <vector>

#include "bench/arrays.h"
#include "engine/generator.h"

namespace harmonic::bench {

/** Rows to be drawn, which benchmarks/gpu/data.ts prepared: automaton and prompts. */
class Requests {
 public:
  /** `prompts`: "examples" or "none". */
  Requests(const Arrays& arrays, const std::string& prompts);

  /** Sequences that fit the longest prompt and row. */
  GeneratorOptions options(int n_sequences, int threads) const;
  /** Request number i, of so many prompts with so many rows each; prompts come round. */
  GenerateRequest request(int i, int n_prompts, int rows_per_prompt) const;
  double mean_prompt() const;
  /** Tokens of a row of the table, on average. */
  double mean_row() const { return mean_row_; }

 private:
  Automaton automaton_;
  std::vector<int32_t> decimals_, edge_counts_;
  std::vector<int32_t> prompts_, prompt_offsets_;
  int n_context_;
  double mean_row_;
};

}  // namespace harmonic::bench

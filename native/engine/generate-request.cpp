#include "engine/generate-request.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "engine/error.h"

namespace harmonic {
namespace {

bool is_ascending(const std::vector<int32_t>& offsets, size_t n, size_t n_ids) {
  return offsets.size() == n + 1 && offsets.front() == 0 &&
         offsets.back() == static_cast<int32_t>(n_ids) &&
         std::is_sorted(offsets.begin(), offsets.end());
}

}  // namespace

void GenerateRequest::check(const Grammar& grammar, int n_sequences, int n_context) const {
  const Automaton& automaton = grammar.automaton();
  if (prompt_offsets.size() < 2 ||
      !is_ascending(prompt_offsets, prompt_offsets.size() - 1, prompts.size()))
    throw_usage("expected ascending offsets from 0 to the number of ids for `promptOffsets`");
  if (rows_per_prompt < 1 || n_prompts() > n_sequences / rows_per_prompt) {
    throw_usage("expected at most " + std::to_string(n_sequences) +
                " rows (`nSequences`) but received " + std::to_string(n_prompts()) +
                " prompts of " + std::to_string(rows_per_prompt) + " rows");
  }
  const auto n = static_cast<size_t>(n_rows());
  if (seeds.size() != n) {
    throw_usage("expected one seed a row for `seeds`, " + std::to_string(n) + ", but received " +
                std::to_string(seeds.size()));
  }
  if (!(temperature >= 0) || !std::isfinite(temperature))
    throw_usage("expected a number of at least 0 for `temperature`");
  if (!temperatures.empty() && temperatures.size() != automaton.column_kinds.size())
    throw_usage("expected one number a column for `temperatures`");
  for (const double own : temperatures) {
    if (own < 0 || std::isinf(own))
      throw_usage("expected numbers of at least 0 or NaN for `temperatures`");
  }
  if (!(top_p > 0 && top_p <= 1)) throw_usage("expected a number above 0 and up to 1 for `topP`");
  if (!(min_p >= 0 && min_p <= 1)) throw_usage("expected a number from 0 to 1 for `minP`");
  if (!start_states.empty() && start_states.size() != n)
    throw_usage("expected one state a row for `startStates`");
  for (const int32_t state : start_states) {
    if (state < 0 || state >= automaton.n_states())
      throw_usage("expected states of the automaton for `startStates`");
  }
  const bool with_prefixes = !prefix_offsets.empty();
  if (with_prefixes ? !is_ascending(prefix_offsets, n, prefixes.size()) : !prefixes.empty())
    throw_usage("expected ascending offsets from 0 to the number of ids for `prefixOffsets`");
  for (int p = 0; p < n_prompts(); p++) {
    const int length = prompt_offsets[p + 1] - prompt_offsets[p];
    if (length < 1) throw_usage("expected at least one token in each of `prompts`");
    if (length + grammar.longest_row() > n_context) {
      throw_usage("expected at most " + std::to_string(n_context) +
                  " tokens in prompt and row (`nContext`) but prompt " + std::to_string(p) +
                  " has " + std::to_string(length) + " and a row up to " +
                  std::to_string(grammar.longest_row()));
    }
  }
}

}  // namespace harmonic

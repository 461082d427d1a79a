#include "bench/requests.h"

#include <algorithm>

#include "engine/random.h"

namespace harmonic::bench {
namespace {

Automaton automaton_of(const Arrays& arrays) {
  Automaton automaton;
  automaton.edge_offsets = arrays.integers("automaton.edge_offsets");
  automaton.edge_tokens = arrays.integers("automaton.edge_tokens");
  automaton.edge_next = arrays.integers("automaton.edge_next");
  automaton.edge_columns = arrays.integers("automaton.edge_columns");
  automaton.edge_actions = arrays.integers("automaton.edge_actions");
  automaton.column_kinds = arrays.integers("automaton.column_kinds");
  automaton.text_limits = arrays.integers("automaton.text_limits");
  automaton.values = arrays.doubles("automaton.values");
  automaton.edge_weights = arrays.doubles("automaton.edge_weights");
  return automaton;
}

}  // namespace

Requests::Requests(const Arrays& arrays, const std::string& prompts)
    : automaton_(automaton_of(arrays)),
      decimals_(arrays.integers("decimals")),
      edge_counts_(arrays.integers("edge_counts")),
      prompts_(arrays.integers("prompts." + prompts)),
      prompt_offsets_(arrays.integers("prompts." + prompts + "_offsets")),
      mean_row_(arrays.doubles("mean_row").at(0)) {
  int longest = 0;
  for (size_t p = 0; p + 1 < prompt_offsets_.size(); p++) {
    longest = std::max(longest, prompt_offsets_[p + 1] - prompt_offsets_[p]);
  }
  n_context_ = longest + arrays.integer("longest_row");
}

GeneratorOptions Requests::options(int n_sequences, int threads) const {
  GeneratorOptions options;
  options.automaton = automaton_;
  options.n_sequences = n_sequences;
  options.n_context = n_context_;
  options.threads = threads;
  options.decimals = decimals_;
  options.edge_counts = edge_counts_;
  return options;
}

GenerateRequest Requests::request(int i, int n_prompts, int rows_per_prompt) const {
  GenerateRequest request;
  request.rows_per_prompt = rows_per_prompt;
  request.prompt_offsets = {0};
  const int known = static_cast<int>(prompt_offsets_.size()) - 1;
  for (int p = 0; p < n_prompts; p++) {
    const int at = (i * n_prompts + p) % known;
    request.prompts.insert(request.prompts.end(), prompts_.begin() + prompt_offsets_[at],
                           prompts_.begin() + prompt_offsets_[at + 1]);
    request.prompt_offsets.push_back(static_cast<int32_t>(request.prompts.size()));
  }
  SplitMix64 random(static_cast<uint64_t>(i) + 1);
  for (int r = 0; r < n_prompts * rows_per_prompt; r++) request.seeds.push_back(random.next());
  return request;
}

double Requests::mean_prompt() const {
  return static_cast<double>(prompts_.size()) / static_cast<double>(prompt_offsets_.size() - 1);
}

}  // namespace harmonic::bench

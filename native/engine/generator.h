#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/automaton.h"
#include "engine/decoder.h"
#include "engine/drafts.h"
#include "engine/generate-request.h"
#include "engine/generate-result.h"
#include "engine/grammar.h"
#include "engine/lock-step.h"
#include "engine/model.h"
#include "engine/prompt-reader.h"
#include "engine/row-drawer.h"
#include "engine/rule.h"

namespace harmonic {

/** Speed-ups that can be turned off to measure them. */
struct GeneratorSwitches {
  bool jump_forward = true;    // forced tokens: several a step, none behind the last choice
  bool share_prefix = true;    // what all prompts begin with is evaluated once
  bool share_prompt = true;    // a prompt is evaluated once for its rows
  bool cut_vocabulary = true;  // the head computes the logits of the table's tokens alone
  bool drafts = true;          // likely tokens are evaluated before they are drawn, where that pays
  bool small_cache = true;     // keys and values in 16 bits
  bool half_products = true;   // factors of small models in 16 bits, where that is faster
};

struct GeneratorOptions {
  Automaton automaton;
  int n_sequences = 1;  // rows decoded in lock-step
  int n_context = 0;    // tokens of the longest prompt plus row
  int threads = 1;
  std::vector<Rule> rules = {};
  std::vector<int32_t> decimals = {};  // one a column, for rules; empty: 0
  // how many rows of the table take each edge; empty: unknown
  std::vector<int32_t> edge_counts = {};
  GeneratorSwitches switches = {};
  bool explain = false;
};

/**
 * Draws rows of a grammar from a model, many sequences in lock-step. Each token comes from the
 * softmax over the tokens that the grammar allows there, so every row is one that it accepts.
 * The same request gives the same result, whatever was generated before.
 */
class Generator {
 public:
  Generator(std::shared_ptr<const Model> model, GeneratorOptions options);

  /** A number for generate(), taken when the caller asks for it, so that abort() reaches calls that
   * still wait. */
  uint64_t ticket() { return ++last_ticket_; }
  /** One lock-step pass. Throws Error E_ABORTED where abort() was called after its ticket was
   * taken. */
  GenerateResult generate(const GenerateRequest& request, uint64_t ticket);
  /** Operations that a device has no kernel for and the processor computes, by name. */
  const std::set<std::string>& on_cpu() const { return on_cpu_; }
  /** Ends the calls whose tickets were taken before. */
  void abort() { aborted_ticket_ = last_ticket_.load(); }

 private:
  using ShownRows = std::map<std::pair<int, int>, EdgeCounts>;  // by prompt and start state

  bool aborted() const { return current_ticket_ <= aborted_ticket_; }
  std::unique_ptr<Evaluator> new_evaluator() const;
  std::vector<int> places_of_edges() const;
  ShownRows show_prompts(const GenerateRequest& request, std::vector<DrawnRow>& rows) const;
  GenerateResult result_of(const std::vector<DrawnRow>& rows) const;

  std::shared_ptr<const Model> model_;
  const GeneratorOptions options_;
  const Grammar grammar_;
  const Drafts drafts_;
  Decoder decoder_;
  PromptReader prompts_;
  LockStep steps_;
  std::set<std::string> on_cpu_;
  std::vector<int> places_;  // of each edge's token among the logits; 0 where it is never drawn
  std::mutex mutex_;
  std::atomic<uint64_t> last_ticket_{0};
  std::atomic<uint64_t> aborted_ticket_{0};
  std::atomic<uint64_t> current_ticket_{0};
};

}  // namespace harmonic

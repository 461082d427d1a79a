#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "engine/automaton.h"
#include "engine/batch.h"
#include "engine/drafts.h"
#include "engine/draw.h"
#include "engine/evaluator.h"
#include "engine/grammar.h"
#include "engine/model.h"
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

  int n_prompts() const { return static_cast<int>(prompt_offsets.size()) - 1; }
  int n_rows() const { return n_prompts() * rows_per_prompt; }
};

/** The values of one column, shape (rows): of its kind. */
struct GeneratedColumn {
  int32_t kind = kColumnCategory;
  std::vector<int32_t> codes;         // -1 missing
  std::vector<double> scaled;         // NaN missing
  std::vector<int32_t> text_offsets;  // rows + 1, into `text`
  std::vector<char> text;             // UTF-8
  std::vector<uint8_t> text_missing;
};

struct GenerateResult {
  std::vector<GeneratedColumn> columns;
  std::vector<int32_t> failed;  // one a row: -1, or the rule that it could not satisfy
  // shape (rows, columns); empty unless the generator explains
  std::vector<float> log_probabilities;
  std::vector<float> allowed_mass;
  int64_t n_tokens = 0;   // evaluated: prompt, row, drafts and padding
  int64_t n_batches = 0;  // that they were evaluated in
};

/**
 * Draws rows of a grammar from a model, many sequences in lock-step. Each token comes from the
 * softmax over the tokens that the grammar allows there, so every row is one that it accepts.
 * The same request gives the same result, whatever was generated before.
 */
class Generator {
 public:
  Generator(std::shared_ptr<const Model> model, GeneratorOptions options);
  ~Generator();

  /** A number for generate(), taken when the caller asks for it, so that abort() reaches calls that
   * still wait. */
  uint64_t ticket() { return ++last_ticket_; }
  /** One lock-step pass. Throws Error E_ABORTED where abort() was called after its ticket was
   * taken. */
  GenerateResult generate(const GenerateRequest& request, uint64_t ticket);
  /** Ends the calls whose tickets were taken before. */
  void abort() { aborted_ticket_ = last_ticket_.load(); }

 private:
  struct Row;
  struct Group;

  void check(const GenerateRequest& request) const;
  bool aborted() const { return current_ticket_ <= aborted_ticket_; }
  void start(Row& row, const GenerateRequest& request, int r);
  void take(Row& row, int edge) const;
  void take_forced(Row& row, const GenerateRequest& request);
  int draw_silent(Row& row, const Edges& edges, const GenerateRequest& request);
  double temperature(const GenerateRequest& request, int column) const;
  void finish(Row& row) const;
  void draw(Row& row, const float* logits, const GenerateRequest& request);
  void evaluate_prompts(const GenerateRequest& request, std::vector<Row>& rows);
  std::vector<ColumnToken> prompt_of(const GenerateRequest& request, const std::vector<Row>& rows,
                                     size_t r) const;
  std::vector<Group> groups_of(const GenerateRequest& request, const std::vector<Row>& rows) const;
  void share_prefix(const std::vector<ColumnToken>& prefix);
  void evaluate(const std::vector<ColumnToken>& tokens, int position, int sequence, bool output);
  void step(std::vector<Row>& rows, const GenerateRequest& request);
  const EdgeCounts& shown_to(const GenerateRequest& request, const std::vector<Row>& rows, int r);
  int guess_ahead(Row& row, const EdgeCounts& shown, int n_running, int most_outputs);
  int step_length(const std::vector<Row>& rows, const std::vector<int>& running) const;
  int tokens_ahead(const Row& row) const;
  void go_on(Row& row, int r, int first, int n, int n_evaluated, const GenerateRequest& request);
  void decode();
  GenerateResult result_of(const std::vector<Row>& rows) const;

  std::shared_ptr<const Model> model_;
  const GeneratorOptions options_;
  Grammar grammar_;
  Drafts drafts_;
  int largest_batch_ = 0;
  int most_outputs_ = 0;
  std::unique_ptr<Evaluator> evaluator_;
  std::vector<int> places_;  // of each edge's token among the logits; 0 where it is never drawn
  std::mutex mutex_;
  std::atomic<uint64_t> last_ticket_{0};
  std::atomic<uint64_t> aborted_ticket_{0};
  std::atomic<uint64_t> current_ticket_{0};
  std::vector<ColumnToken> prefix_;  // whose keys and values sequence 0 keeps between calls
  std::map<std::pair<int, int>, EdgeCounts> shown_;  // by prompt and start state
  Batch batch_;
  Drawer drawer_;
  std::vector<int> scratch_, allowed_places_;
  int64_t n_tokens_ = 0, n_batches_ = 0;
};

}  // namespace harmonic

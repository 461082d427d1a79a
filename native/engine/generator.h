#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "engine/automaton.h"
#include "engine/batch.h"
#include "engine/evaluator.h"
#include "engine/model.h"

namespace harmonic {

struct GeneratorOptions {
  Automaton automaton;
  int n_sequences = 1;  // rows decoded in lock-step
  int n_context = 0;    // tokens of the longest prompt plus row
  int threads = 1;
};

struct GenerateRequest {
  std::vector<int32_t> prompts;         // one after another
  std::vector<int32_t> prompt_offsets;  // prompts + 1
  int rows_per_prompt = 1;
  std::vector<uint64_t> seeds;  // one a row, shape (prompts * rows_per_prompt)
  double temperature = 1;

  int n_prompts() const { return static_cast<int>(prompt_offsets.size()) - 1; }
  int n_rows() const { return n_prompts() * rows_per_prompt; }
};

/** The values of one column, shape (rows): codes of a category, or scaled integers of a number. */
struct GeneratedColumn {
  std::vector<int32_t> codes;  // -1 missing
  std::vector<double> scaled;  // NaN missing
};

struct GenerateResult {
  std::vector<GeneratedColumn> columns;
  int64_t n_tokens = 0;  // evaluated: prompt, row and padding
};

/**
 * Draws rows of an automaton from a model, many sequences in lock-step. Each token comes from the
 * softmax over the tokens that its state allows, so every row is one that the automaton accepts.
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

  void check(const GenerateRequest& request) const;
  bool aborted() const { return current_ticket_ <= aborted_ticket_; }
  void take_edge(Row& row, int edge) const;
  void take_forced(Row& row) const;
  void draw(Row& row, const float* logits, double temperature);
  void evaluate_prompts(const GenerateRequest& request, std::vector<Row>& rows);
  void share_prefix(const std::vector<int32_t>& prefix);
  void evaluate(const std::vector<int32_t>& tokens, int position, int sequence, bool output);
  void step(std::vector<Row>& rows, double temperature);
  void decode();

  std::shared_ptr<const Model> model_;
  const GeneratorOptions options_;
  int longest_row_ = 0;
  int largest_batch_ = 0;
  std::unique_ptr<Evaluator> evaluator_;
  std::vector<int> places_;  // of each edge's token among the logits; 0 where it is never drawn
  std::mutex mutex_;
  std::atomic<uint64_t> last_ticket_{0};
  std::atomic<uint64_t> aborted_ticket_{0};
  std::atomic<uint64_t> current_ticket_{0};
  std::vector<int32_t> prefix_;  // tokens whose keys and values sequence 0 keeps between calls
  Batch batch_;
  std::vector<double> weights_;
  int64_t n_tokens_ = 0;
};

}  // namespace harmonic

#include "engine/generator.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>

#include "engine/error.h"
#include "engine/random.h"

namespace harmonic {
namespace {

/** LLAMA_MAX_SEQ of llama.cpp. */
constexpr int kMaxSequences = 256;
/** Tokens that one pass through the weights takes. */
constexpr int kMicroBatch = 512;
/** Most forced tokens of a row that go into one step. */
constexpr int kMaxJump = 8;
/** Share of a step's tokens that must be real ones, not padding, for rows to jump several tokens at
 * once. */
constexpr double kLeastUse = 0.8;
/** A shorter common prefix costs less to evaluate again than to copy. */
constexpr size_t kLeastPrefix = 8;
/** So many finished rows between two running ones get a dummy token rather than split the batch. */
constexpr int kLongestGap = 2;

}  // namespace

/** One row on its way through the automaton. */
struct Generator::Row {
  int state = 0;
  int position = 0;              // tokens in the cache
  std::vector<int32_t> pending;  // taken but not yet evaluated; the last one predicts the next draw
  std::vector<CellValue> cells;  // one a column
  SplitMix64 random{0};
  bool done = false;
};

Generator::Generator(std::shared_ptr<const Model> model, GeneratorOptions options)
    : model_(std::move(model)), options_(std::move(options)) {
  longest_row_ = options_.automaton.check(model_->info().n_vocabulary);
  if (options_.n_sequences < 1 || options_.n_sequences > kMaxSequences) {
    throw Error("E_USAGE", "expected a number from 1 to " + std::to_string(kMaxSequences) +
                               " for `nSequences` but received " +
                               std::to_string(options_.n_sequences));
  }
  if (options_.n_context < 1) {
    throw Error("E_USAGE", "expected at least 1 for `nContext` but received " +
                               std::to_string(options_.n_context));
  }
  if (options_.threads < 1) {
    throw Error("E_USAGE", "expected at least 1 for `threads` but received " +
                               std::to_string(options_.threads));
  }
  const int trained = model_->info().n_context_trained;
  if (trained > 0 && options_.n_context > trained) {
    throw Error("E_USAGE",
                "prompt and row take " + std::to_string(options_.n_context) +
                    " tokens, and the base model knows " + std::to_string(trained),
                "use a smaller k, the compact format or a base model with a longer context");
  }
  largest_batch_ = std::max(kMicroBatch, options_.n_sequences * kMaxJump);
  const Automaton& automaton = options_.automaton;
  const int n_states = static_cast<int>(automaton.edge_offsets.size()) - 1;
  EvaluatorOptions evaluator;
  evaluator.n_sequences = options_.n_sequences;
  // Padding of the last steps goes past the end of the row.
  evaluator.n_context = options_.n_context + kMaxJump;
  evaluator.n_batch = largest_batch_;
  evaluator.threads = options_.threads;
  evaluator.aborted = [this] { return aborted(); };
  for (int s = 0; s < n_states; s++) {
    if (automaton.n_edges(s) < 2) continue;
    const auto tokens = automaton.edge_tokens.begin();
    evaluator.vocabulary.insert(evaluator.vocabulary.end(), tokens + automaton.edge_offsets[s],
                                tokens + automaton.edge_offsets[s + 1]);
  }
  std::sort(evaluator.vocabulary.begin(), evaluator.vocabulary.end());
  evaluator.vocabulary.erase(std::unique(evaluator.vocabulary.begin(), evaluator.vocabulary.end()),
                             evaluator.vocabulary.end());
  evaluator_ = model_->new_evaluator(evaluator);
  places_.resize(automaton.edge_tokens.size());
  for (int s = 0; s < n_states; s++) {
    if (automaton.n_edges(s) < 2) continue;
    for (int e = automaton.edge_offsets[s]; e < automaton.edge_offsets[s + 1]; e++) {
      places_[e] = evaluator_->place(automaton.edge_tokens[e]);
    }
  }
}

Generator::~Generator() = default;

GenerateResult Generator::generate(const GenerateRequest& request, uint64_t ticket) {
  std::lock_guard<std::mutex> lock(mutex_);
  current_ticket_ = ticket;
  check(request);
  n_tokens_ = 0;
  const int n_columns = options_.automaton.n_columns();
  std::vector<Row> rows(request.n_rows());
  for (size_t r = 0; r < rows.size(); r++) {
    rows[r].random = SplitMix64(request.seeds[r]);
    rows[r].cells.resize(n_columns);
    take_forced(rows[r]);
  }

  evaluate_prompts(request, rows);
  while (std::any_of(rows.begin(), rows.end(), [](const Row& row) { return !row.done; }))
    step(rows, request.temperature);

  GenerateResult result;
  result.n_tokens = n_tokens_;
  result.columns.resize(n_columns);
  for (int c = 0; c < n_columns; c++) {
    GeneratedColumn& column = result.columns[c];
    for (const Row& row : rows) {
      if (options_.automaton.column_kinds[c] == kColumnCategory) {
        column.codes.push_back(row.cells[c].category());
      } else {
        column.scaled.push_back(row.cells[c].number());
      }
    }
  }
  return result;
}

void Generator::check(const GenerateRequest& request) const {
  const auto n_ids = static_cast<int32_t>(request.prompts.size());
  const auto& offsets = request.prompt_offsets;
  if (offsets.size() < 2 || offsets.front() != 0 || offsets.back() != n_ids ||
      !std::is_sorted(offsets.begin(), offsets.end())) {
    throw Error("E_USAGE",
                "expected ascending offsets from 0 to the number of ids for `promptOffsets`");
  }
  if (request.rows_per_prompt < 1 ||
      request.n_prompts() > options_.n_sequences / request.rows_per_prompt) {
    throw Error("E_USAGE", "expected at most " + std::to_string(options_.n_sequences) +
                               " rows (`nSequences`) but received " +
                               std::to_string(request.n_prompts()) + " prompts of " +
                               std::to_string(request.rows_per_prompt) + " rows");
  }
  if (static_cast<int>(request.seeds.size()) != request.n_rows()) {
    throw Error("E_USAGE", "expected one seed a row for `seeds`, " +
                               std::to_string(request.n_rows()) + ", but received " +
                               std::to_string(request.seeds.size()));
  }
  if (!(request.temperature >= 0) || !std::isfinite(request.temperature)) {
    throw Error("E_USAGE", "expected a number of at least 0 for `temperature`");
  }
  model_->check_ids(request.prompts, "prompts");
  for (int p = 0; p < request.n_prompts(); p++) {
    const int length = offsets[p + 1] - offsets[p];
    if (length < 1) throw Error("E_USAGE", "expected at least one token in each of `prompts`");
    if (length + longest_row_ > options_.n_context) {
      throw Error("E_USAGE", "expected at most " + std::to_string(options_.n_context) +
                                 " tokens in prompt and row (`nContext`) but prompt " +
                                 std::to_string(p) + " has " + std::to_string(length) +
                                 " and a row up to " + std::to_string(longest_row_));
    }
  }
}

void Generator::take_edge(Row& row, int edge) const {
  const Automaton& automaton = options_.automaton;
  const int column = automaton.edge_columns[edge];
  if (column >= 0)
    row.cells[column].apply(automaton.column_kinds[column], automaton.edge_actions[edge]);
  row.pending.push_back(automaton.edge_tokens[edge]);
  row.state = automaton.edge_next[edge];
}

/** Takes edges for as long as there is but one; at the end of the row nothing is left to evaluate.
 */
void Generator::take_forced(Row& row) const {
  const Automaton& automaton = options_.automaton;
  while (automaton.n_edges(row.state) == 1) take_edge(row, automaton.edge_offsets[row.state]);
  if (automaton.n_edges(row.state) == 0) {
    row.done = true;
    row.pending.clear();
  }
}

/** Takes one edge by the inverse of the cumulative softmax over the tokens of the row's state, then
 * the forced ones. */
void Generator::draw(Row& row, const float* logits, double temperature) {
  const Automaton& automaton = options_.automaton;
  const int first = automaton.edge_offsets[row.state];
  const int n = automaton.n_edges(row.state);
  int best = 0;
  for (int i = 0; i < n; i++) {
    const float logit = logits[places_[first + i]];
    if (std::isnan(logit)) {
      throw Error("E_MODEL", "the model's output is not a number",
                  "the base model or the adapter is damaged");
    }
    if (logit > logits[places_[first + best]]) best = i;
  }
  const double largest = logits[places_[first + best]];
  if (!std::isfinite(largest)) {
    throw Error("E_MODEL", "the model's output is not finite",
                "the base model or the adapter is damaged");
  }

  int chosen = best;
  if (temperature > 0) {
    weights_.resize(n);
    double sum = 0;
    for (int i = 0; i < n; i++) {
      sum += weights_[i] = std::exp((logits[places_[first + i]] - largest) / temperature);
    }
    double left = row.random.uniform() * sum;
    for (int i = 0; i < n; i++) {
      if (weights_[i] == 0) continue;
      chosen = i;
      left -= weights_[i];
      if (left < 0) break;
    }
  }
  row.pending.clear();
  take_edge(row, first + chosen);
  take_forced(row);
}

/**
 * Evaluates each distinct prompt once, with the forced start of the row behind it, on the sequence
 * of its first row; copies its keys and values to its other rows and draws the first token of all.
 * A prefix that all prompts have in common is evaluated once.
 */
void Generator::evaluate_prompts(const GenerateRequest& request, std::vector<Row>& rows) {
  if (rows.empty() || rows.front().done) return;
  const std::vector<int32_t> start = rows.front().pending;

  std::map<std::vector<int32_t>, std::vector<int>> rows_of;  // by prompt
  std::vector<const std::vector<int32_t>*> order;
  for (int p = 0; p < request.n_prompts(); p++) {
    std::vector<int32_t> tokens(request.prompts.begin() + request.prompt_offsets[p],
                                request.prompts.begin() + request.prompt_offsets[p + 1]);
    tokens.insert(tokens.end(), start.begin(), start.end());
    auto [entry, is_new] = rows_of.try_emplace(std::move(tokens));
    if (is_new) order.push_back(&entry->first);
    for (int i = 0; i < request.rows_per_prompt; i++)
      entry->second.push_back(p * request.rows_per_prompt + i);
  }

  // The last token of a prompt is never part of the prefix: its logits are needed.
  std::vector<int32_t> prefix(order.front()->begin(), order.front()->end() - 1);
  if (order.size() == 1) prefix.clear();
  for (const auto* tokens : order) {
    const size_t limit = std::min(prefix.size(), tokens->size() - 1);
    prefix.resize(std::mismatch(prefix.begin(), prefix.begin() + limit, tokens->begin()).first -
                  prefix.begin());
  }
  if (prefix.size() < kLeastPrefix) prefix.clear();
  share_prefix(prefix);
  if (!prefix.empty()) {
    for (const auto* tokens : order) evaluator_->copy(0, rows_of[*tokens].front());
  }

  const auto n_shared = static_cast<int>(prefix.size());
  for (const auto* tokens : order) {
    const std::vector<int>& members = rows_of[*tokens];
    const int leader = members.front();
    evaluate({tokens->begin() + n_shared, tokens->end()}, n_shared, leader, true);
    const float* logits = evaluator_->logits(batch_.size() - 1);
    for (const int r : members) {
      if (r != leader) evaluator_->copy(leader, r);
      rows[r].position = static_cast<int>(tokens->size());
      draw(rows[r], logits, request.temperature);
    }
  }
}

/** Leaves the cache with the prefix in sequence 0 and nothing else. */
void Generator::share_prefix(const std::vector<int32_t>& prefix) {
  if (!prefix.empty() && prefix == prefix_) {
    evaluator_->remove(0, static_cast<int>(prefix.size()));
    for (int s = 1; s < options_.n_sequences; s++) evaluator_->remove(s, 0);
    return;
  }
  evaluator_->clear();
  prefix_.clear();
  if (prefix.empty()) return;
  evaluate(prefix, 0, 0, false);
  prefix_ = prefix;
}

/** Evaluates tokens of one sequence; `output`: the last one's logits, at index batch_.size() - 1.
 */
void Generator::evaluate(const std::vector<int32_t>& tokens, int position, int sequence,
                         bool output) {
  for (size_t begin = 0; begin < tokens.size(); begin += kMicroBatch) {
    const size_t end = std::min(tokens.size(), begin + kMicroBatch);
    batch_.clear();
    for (size_t i = begin; i < end; i++) {
      batch_.add(tokens[i], position + static_cast<int>(i), sequence,
                 output && i + 1 == tokens.size());
    }
    decode();
  }
}

/**
 * One pass for all running rows. Each gets the same number of tokens, for llama.cpp takes a batch
 * apart into runs of sequences with consecutive ids and equal lengths: a row with less pending gets
 * dummies, removed afterwards, and so does a finished row between running ones.
 */
void Generator::step(std::vector<Row>& rows, double temperature) {
  std::vector<int> running;
  for (size_t r = 0; r < rows.size(); r++) {
    if (!rows[r].done) running.push_back(static_cast<int>(r));
  }
  int length = 1;
  for (int candidate = 2; candidate <= kMaxJump; candidate *= 2) {
    size_t used = 0;
    for (const int r : running) used += std::min<size_t>(rows[r].pending.size(), candidate);
    if (used >= kLeastUse * candidate * running.size()) length = candidate;
  }

  batch_.clear();
  std::vector<int> output(rows.size(), -1);
  std::vector<int> dummies;  // rows with tokens to remove
  int next = running.front();
  for (const int r : running) {
    for (; next < r && r - next <= kLongestGap; next++) {
      for (int t = 0; t < length; t++) batch_.add(0, rows[next].position + t, next, false);
      dummies.push_back(next);
    }
    next = r + 1;
    const auto n_pending = static_cast<int>(rows[r].pending.size());
    for (int t = 0; t < length; t++) {
      const bool last = t + 1 == n_pending;
      const int index =
          batch_.add(t < n_pending ? rows[r].pending[t] : 0, rows[r].position + t, r, last);
      if (last) output[r] = index;
    }
    if (n_pending < length) dummies.push_back(r);
    rows[r].position += std::min(n_pending, length);
  }
  decode();

  for (const int r : dummies) evaluator_->remove(r, rows[r].position);
  for (const int r : running) {
    if (output[r] >= 0) {
      draw(rows[r], evaluator_->logits(output[r]), temperature);
    } else {
      rows[r].pending.erase(rows[r].pending.begin(), rows[r].pending.begin() + length);
    }
  }
}

void Generator::decode() {
  try {
    if (aborted()) throw Error("E_ABORTED", "sampling was interrupted");
    evaluator_->evaluate(batch_);
  } catch (...) {
    prefix_.clear();
    throw;
  }
  n_tokens_ += batch_.size();
}

}  // namespace harmonic

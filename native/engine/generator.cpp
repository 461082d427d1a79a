#include "engine/generator.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>

#include "engine/error.h"
#include "engine/random.h"

namespace harmonic {
namespace {

/** Tokens that one pass through the weights takes. */
constexpr int kMicroBatch = 512;
/** Most forced tokens of a row that go into one step. */
constexpr int kMaxJump = 8;
/** Share of a step's tokens that must be real ones, not padding, for rows to jump several tokens at
 * once. */
constexpr double kLeastUse = 0.8;
/** A shorter common prefix costs less to evaluate again than to copy. */
constexpr size_t kLeastPrefix = 8;
/** Logits asked for behind one step at most, where rows are fewer: beyond it drafts gain little. */
constexpr int kMostOutputs = 64;
/** So many finished rows between two running ones get a dummy token rather than split the batch. */
constexpr int kLongestGap = 2;

[[noreturn]] void throw_usage(const std::string& message, const std::string& hint = "") {
  throw Error("E_USAGE", message, hint);
}

bool is_choice(const Automaton& automaton, int state) {
  return automaton.n_edges(state) > 1 && !automaton.is_silent(state);
}

void sort_distinct(std::vector<int32_t>& tokens) {
  std::sort(tokens.begin(), tokens.end());
  tokens.erase(std::unique(tokens.begin(), tokens.end()), tokens.end());
}

/** Tokens on edges of states with a choice, ascending. */
std::vector<int32_t> choices_of(const Automaton& automaton) {
  std::vector<int32_t> tokens;
  for (int s = 0; s < automaton.n_states(); s++) {
    if (!is_choice(automaton, s)) continue;
    tokens.insert(tokens.end(), automaton.edge_tokens.begin() + automaton.edge_offsets[s],
                  automaton.edge_tokens.begin() + automaton.edge_offsets[s + 1]);
  }
  sort_distinct(tokens);
  return tokens;
}

/** The same of each column's states, and behind them of those of none. */
std::vector<std::vector<int32_t>> choices_by_column(const Automaton& automaton,
                                                    const Grammar& grammar) {
  std::vector<std::vector<int32_t>> choices(automaton.n_columns() + 1);
  for (int s = 0; s < automaton.n_states(); s++) {
    if (!is_choice(automaton, s)) continue;
    const int column = grammar.column(s);
    auto& tokens = choices[column < 0 ? automaton.n_columns() : column];
    tokens.insert(tokens.end(), automaton.edge_tokens.begin() + automaton.edge_offsets[s],
                  automaton.edge_tokens.begin() + automaton.edge_offsets[s + 1]);
  }
  for (auto& tokens : choices) sort_distinct(tokens);
  return choices;
}

template <class T>
size_t common_length(const std::vector<T>& a, const std::vector<T>& b, size_t most) {
  const size_t limit = std::min({a.size(), b.size(), most});
  return std::mismatch(a.begin(), a.begin() + limit, b.begin()).first - a.begin();
}

bool is_ascending(const std::vector<int32_t>& offsets, size_t n, size_t n_ids) {
  return offsets.size() == n + 1 && offsets.front() == 0 &&
         offsets.back() == static_cast<int32_t>(n_ids) &&
         std::is_sorted(offsets.begin(), offsets.end());
}

}  // namespace

/** One row on its way through the grammar. */
struct Generator::Row {
  RowProgress progress;
  int position = 0;                  // tokens in the cache
  std::vector<ColumnToken> pending;  // taken but not evaluated; the last predicts the next draw
  std::vector<Draft> drafts;         // what may follow these
  int first_state = 0;
  int first_column = -1;  // that the last token of the prompt goes on with
  SplitMix64 random{0};
  bool done = false;
  std::vector<double> log_probabilities, allowed_mass;  // one a column, where they are asked for
};

/** Rows behind one prompt: what they begin with in common is evaluated once. */
struct Generator::Group {
  std::vector<ColumnToken> tokens;  // in common
  std::vector<int> rows;
  bool whole = false;  // there is nothing else: the next token of all is drawn behind these
};

Generator::Generator(std::shared_ptr<const Model> model, GeneratorOptions options)
    : model_(std::move(model)),
      options_(std::move(options)),
      grammar_(
          options_.automaton, model_->info().n_vocabulary,
          [this](int32_t token) { return model_->detokenize({token}); }, options_.rules,
          options_.decimals),
      drafts_(grammar_, options_.edge_counts) {
  const int most = model_->most_sequences();
  if (options_.n_sequences < 1 || options_.n_sequences > most) {
    throw_usage("expected a number from 1 to " + std::to_string(most) +
                " for `nSequences` but received " + std::to_string(options_.n_sequences));
  }
  if (options_.n_context < 1) {
    throw_usage("expected at least 1 for `nContext` but received " +
                std::to_string(options_.n_context));
  }
  if (options_.threads < 1) {
    throw_usage("expected at least 1 for `threads` but received " +
                std::to_string(options_.threads));
  }
  const int trained = model_->info().n_context_trained;
  if (trained > 0 && options_.n_context > trained) {
    throw_usage("prompt and row take " + std::to_string(options_.n_context) +
                    " tokens, and the base model knows " + std::to_string(trained),
                "use a smaller k, the compact format or a base model with a longer context");
  }
  largest_batch_ = std::max(kMicroBatch, options_.n_sequences * kMaxJump);
  const Automaton& automaton = options_.automaton;
  EvaluatorOptions evaluator;
  evaluator.n_sequences = options_.n_sequences;
  // Padding of the last steps goes past the end of the row.
  evaluator.n_context = options_.n_context + kMaxJump;
  evaluator.n_batch = largest_batch_;
  most_outputs_ = options_.n_sequences;
  if (options_.switches.drafts)
    most_outputs_ =
        std::max(most_outputs_, std::min(options_.n_sequences * kMaxJump, kMostOutputs));
  evaluator.n_outputs = most_outputs_;
  evaluator.small_cache = options_.switches.small_cache;
  evaluator.threads = options_.threads;
  evaluator.aborted = [this] { return aborted(); };
  if (options_.switches.cut_vocabulary && !options_.explain) {
    evaluator.vocabulary = choices_of(automaton);
    evaluator.column_vocabularies = choices_by_column(automaton, grammar_);
  }
  evaluator_ = model_->new_evaluator(evaluator);
  places_.resize(automaton.edge_tokens.size());
  for (int s = 0; s < automaton.n_states(); s++) {
    if (!is_choice(automaton, s)) continue;
    for (int e = automaton.edge_offsets[s]; e < automaton.edge_offsets[s + 1]; e++)
      places_[e] = evaluator_->place(automaton.edge_tokens[e], grammar_.column(s));
  }
}

Generator::~Generator() = default;

GenerateResult Generator::generate(const GenerateRequest& request, uint64_t ticket) {
  std::lock_guard<std::mutex> lock(mutex_);
  current_ticket_ = ticket;
  check(request);
  n_tokens_ = n_batches_ = 0;
  shown_.clear();
  std::vector<Row> rows(request.n_rows());
  for (size_t r = 0; r < rows.size(); r++) start(rows[r], request, static_cast<int>(r));
  evaluate_prompts(request, rows);
  while (std::any_of(rows.begin(), rows.end(), [](const Row& row) { return !row.done; }))
    step(rows, request);
  return result_of(rows);
}

void Generator::check(const GenerateRequest& request) const {
  const auto& offsets = request.prompt_offsets;
  if (offsets.size() < 2 || !is_ascending(offsets, offsets.size() - 1, request.prompts.size()))
    throw_usage("expected ascending offsets from 0 to the number of ids for `promptOffsets`");
  if (request.rows_per_prompt < 1 ||
      request.n_prompts() > options_.n_sequences / request.rows_per_prompt) {
    throw_usage("expected at most " + std::to_string(options_.n_sequences) +
                " rows (`nSequences`) but received " + std::to_string(request.n_prompts()) +
                " prompts of " + std::to_string(request.rows_per_prompt) + " rows");
  }
  const auto n_rows = static_cast<size_t>(request.n_rows());
  if (request.seeds.size() != n_rows) {
    throw_usage("expected one seed a row for `seeds`, " + std::to_string(n_rows) +
                ", but received " + std::to_string(request.seeds.size()));
  }
  if (!(request.temperature >= 0) || !std::isfinite(request.temperature))
    throw_usage("expected a number of at least 0 for `temperature`");
  if (!request.temperatures.empty() &&
      request.temperatures.size() != options_.automaton.column_kinds.size())
    throw_usage("expected one number a column for `temperatures`");
  for (const double temperature : request.temperatures) {
    if (temperature < 0 || std::isinf(temperature))
      throw_usage("expected numbers of at least 0 or NaN for `temperatures`");
  }
  if (!(request.top_p > 0 && request.top_p <= 1))
    throw_usage("expected a number above 0 and up to 1 for `topP`");
  if (!(request.min_p >= 0 && request.min_p <= 1))
    throw_usage("expected a number from 0 to 1 for `minP`");
  if (!request.start_states.empty() && request.start_states.size() != n_rows)
    throw_usage("expected one state a row for `startStates`");
  for (const int32_t state : request.start_states) {
    if (state < 0 || state >= options_.automaton.n_states())
      throw_usage("expected states of the automaton for `startStates`");
  }
  const bool with_prefixes = !request.prefix_offsets.empty();
  if (with_prefixes ? !is_ascending(request.prefix_offsets, n_rows, request.prefixes.size())
                    : !request.prefixes.empty())
    throw_usage("expected ascending offsets from 0 to the number of ids for `prefixOffsets`");
  model_->check_ids(request.prompts, "prompts");
  for (int p = 0; p < request.n_prompts(); p++) {
    const int length = offsets[p + 1] - offsets[p];
    if (length < 1) throw_usage("expected at least one token in each of `prompts`");
    if (length + grammar_.longest_row() > options_.n_context) {
      throw_usage("expected at most " + std::to_string(options_.n_context) +
                  " tokens in prompt and row (`nContext`) but prompt " + std::to_string(p) +
                  " has " + std::to_string(length) + " and a row up to " +
                  std::to_string(grammar_.longest_row()));
    }
  }
}

/** Walks the row's given tokens and what is forced behind them. */
void Generator::start(Row& row, const GenerateRequest& request, int r) {
  row.random = SplitMix64(request.seeds[r]);
  row.progress = grammar_.start(request.start_states.empty() ? 0 : request.start_states[r]);
  row.first_state = row.progress.state;
  row.first_column = grammar_.column(row.progress.state);
  if (options_.explain) {
    row.log_probabilities.assign(options_.automaton.n_columns(), 0);
    row.allowed_mass.assign(options_.automaton.n_columns(), 1);
  }
  if (!request.prefix_offsets.empty()) {
    for (int i = request.prefix_offsets[r]; i < request.prefix_offsets[r + 1]; i++) {
      const int32_t token = request.prefixes[i];
      const int edge = grammar_.find(row.progress, token);
      const Edges allowed = grammar_.allowed(row.progress, scratch_);
      if (edge < 0) {
        throw_usage("expected tokens that the automaton allows for `prefixes` but row " +
                    std::to_string(r) + " has token " + std::to_string(token) + " at place " +
                    std::to_string(i - request.prefix_offsets[r]));
      }
      if (std::find(allowed.begin, allowed.begin + allowed.n, edge) == allowed.begin + allowed.n) {
        grammar_.fail(row.progress);
        break;
      }
      take(row, edge);
    }
  }
  take_forced(row, request);
}

void Generator::take(Row& row, int edge) const {
  const int32_t token = options_.automaton.edge_tokens[edge];
  grammar_.take(row.progress, edge);
  if (token >= 0) row.pending.push_back({token, -1});
  const int column = grammar_.column(row.progress.state);
  (row.pending.empty() ? row.first_column : row.pending.back().column) = column;
}

/** Takes edges for as long as there is but one, or the model is not asked. */
void Generator::take_forced(Row& row, const GenerateRequest& request) {
  while (!grammar_.at_end(row.progress)) {
    const Edges edges = grammar_.allowed(row.progress, scratch_);
    if (edges.n > 1 && options_.automaton.is_silent(row.progress.state)) {
      take(row, draw_silent(row, edges, request));
    } else if (edges.n == 1) {
      take(row, edges.begin[0]);
    } else {
      break;
    }
  }
  if (row.progress.failed >= 0 || grammar_.at_end(row.progress)) finish(row);
}

/** One of a silent state's edges by its weight; at temperature 0 the heaviest. */
int Generator::draw_silent(Row& row, const Edges& edges, const GenerateRequest& request) {
  const std::vector<double>& weights = options_.automaton.edge_weights;
  const int column = grammar_.column(row.progress.state);
  double sum = 0;
  int chosen = edges.begin[0];
  for (int i = 0; i < edges.n; i++) {
    const int edge = edges.begin[i];
    sum += weights[edge];
    if (weights[edge] > weights[chosen]) chosen = edge;
  }
  if (temperature(request, column) > 0) {
    double left = row.random.uniform() * sum;
    for (int i = 0; i < edges.n; i++) {
      chosen = edges.begin[i];
      left -= weights[chosen];
      if (left < 0) break;
    }
  }
  if (options_.explain && column >= 0)
    row.log_probabilities[column] += std::log(weights[chosen] / sum);
  return chosen;
}

/** That of a column's cells. */
double Generator::temperature(const GenerateRequest& request, int column) const {
  const bool own =
      column >= 0 && !request.temperatures.empty() && !std::isnan(request.temperatures[column]);
  return own ? request.temperatures[column] : request.temperature;
}

/** What is pending behind the last choice is evaluated only where forced tokens are. */
void Generator::finish(Row& row) const {
  if (options_.switches.jump_forward || row.progress.failed >= 0) row.pending.clear();
  row.done = row.pending.empty();
}

/** Draws one of the allowed edges, then takes the forced ones. */
void Generator::draw(Row& row, const float* logits, const GenerateRequest& request) {
  const Edges edges = grammar_.allowed(row.progress, scratch_);
  allowed_places_.resize(edges.n);
  for (int i = 0; i < edges.n; i++) allowed_places_[i] = places_[edges.begin[i]];
  drawer_.set(logits, allowed_places_.data(), edges.n);
  const int column = grammar_.column(row.progress.state);
  const DrawSettings settings{temperature(request, column), request.top_p, request.min_p};
  const int chosen = drawer_.draw(settings, row.random);
  if (options_.explain && column >= 0) {
    row.log_probabilities[column] += drawer_.log_probability(chosen);
    row.allowed_mass[column] *= drawer_.mass(logits, evaluator_->n_logits());
  }
  row.pending.clear();
  take(row, edges.begin[chosen]);
  take_forced(row, request);
}

/** The tokens that a row's first is drawn behind. */
std::vector<ColumnToken> Generator::prompt_of(const GenerateRequest& request,
                                              const std::vector<Row>& rows, size_t r) const {
  const size_t p = r / request.rows_per_prompt;
  std::vector<ColumnToken> tokens;
  for (int i = request.prompt_offsets[p]; i < request.prompt_offsets[p + 1]; i++)
    tokens.push_back({request.prompts[i], -1});
  tokens.back().column = rows[r].first_column;
  return tokens;
}

/** The rows in groups that begin alike. */
std::vector<Generator::Group> Generator::groups_of(const GenerateRequest& request,
                                                   const std::vector<Row>& rows) const {
  std::vector<Group> groups;
  std::map<std::vector<ColumnToken>, size_t> known;  // group of each prompt
  for (size_t r = 0; r < rows.size(); r++) {
    if (rows[r].done) continue;
    std::vector<ColumnToken> tokens = prompt_of(request, rows, r);
    size_t g = groups.size();
    if (options_.switches.share_prompt) g = known.try_emplace(tokens, g).first->second;
    tokens.insert(tokens.end(), rows[r].pending.begin(), rows[r].pending.end());
    if (g == groups.size()) {
      groups.push_back({std::move(tokens), {static_cast<int>(r)}, true});
      continue;
    }
    Group& group = groups[g];
    group.rows.push_back(static_cast<int>(r));
    if (group.whole && tokens == group.tokens) continue;
    // A row has at least one token of its own behind what is in common.
    group.tokens.resize(
        common_length(group.tokens, tokens,
                      std::min(tokens.size(), group.tokens.size() + (group.whole ? 0 : 1)) - 1));
    group.whole = false;
  }
  return groups;
}

/**
 * Evaluates what each group has in common once, on the sequence of its first row, and copies its
 * keys and values to its other rows. What all groups have in common is evaluated once.
 */
void Generator::evaluate_prompts(const GenerateRequest& request, std::vector<Row>& rows) {
  const std::vector<Group> groups = groups_of(request, rows);
  if (groups.empty()) return;
  // The last token of a prompt is never part of the prefix: its logits are needed.
  std::vector<ColumnToken> prefix = groups.front().tokens;
  for (const Group& group : groups)
    prefix.resize(common_length(prefix, group.tokens, group.tokens.size() - 1));
  if (groups.size() == 1 || prefix.size() < kLeastPrefix || !options_.switches.share_prefix)
    prefix.clear();
  share_prefix(prefix);
  if (!prefix.empty()) {
    for (const Group& group : groups) evaluator_->copy(0, group.rows.front());
  }
  const auto n_shared = static_cast<int>(prefix.size());
  for (const Group& group : groups) {
    const int leader = group.rows.front();
    const auto n_common = static_cast<int>(group.tokens.size());
    evaluate({group.tokens.begin() + n_shared, group.tokens.end()}, n_shared, leader, group.whole);
    const float* logits = group.whole ? evaluator_->logits(batch_.size() - 1) : nullptr;
    for (const int r : group.rows) {
      Row& row = rows[r];
      if (r != leader) evaluator_->copy(leader, r);
      row.position = n_common;
      if (group.whole) {
        draw(row, logits, request);
      } else {
        std::vector<ColumnToken> all = prompt_of(request, rows, r);
        all.insert(all.end(), row.pending.begin(), row.pending.end());
        row.pending.assign(all.begin() + n_common, all.end());
      }
    }
  }
}

/** Leaves the cache with the prefix in sequence 0 and nothing else. */
void Generator::share_prefix(const std::vector<ColumnToken>& prefix) {
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
void Generator::evaluate(const std::vector<ColumnToken>& tokens, int position, int sequence,
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
 * One pass for all running rows. For an evaluator that is not ragged each gets the same number of
 * tokens, for llama.cpp takes a batch apart into runs of sequences with consecutive ids and equal
 * lengths: a row with less to evaluate gets dummies, removed afterwards, and so does a finished row
 * between running ones.
 */
void Generator::step(std::vector<Row>& rows, const GenerateRequest& request) {
  std::vector<int> running;
  for (size_t r = 0; r < rows.size(); r++) {
    if (!rows[r].done) running.push_back(static_cast<int>(r));
  }
  const auto n_running = static_cast<int>(running.size());
  int spare = most_outputs_ - n_running;
  const bool guesses = options_.switches.drafts && evaluator_->batch_cost() > 0;
  for (const int r : running) {
    if (guesses) spare -= guess_ahead(rows[r], shown_to(request, rows, r), n_running, spare);
  }
  const bool ragged = evaluator_->is_ragged();
  const int length = ragged ? 0 : step_length(rows, running);

  batch_.clear();
  std::vector<int> first(rows.size(), 0), n_of(rows.size(), 0);
  int next = running.front();
  for (const int r : running) {
    for (; !ragged && next < r && r - next <= kLongestGap; next++) {
      for (int t = 0; t < length; t++) batch_.add(0, rows[next].position + t, next, false);
      first[next] = -1;
    }
    next = r + 1;
    const Row& row = rows[r];
    const int n = ragged ? tokens_ahead(row) : std::min(tokens_ahead(row), length);
    const auto n_pending = static_cast<int>(row.pending.size());
    first[r] = batch_.size();
    n_of[r] = n;
    for (int t = 0; t < n; t++) {
      const bool output = t < n_pending ? t + 1 == n_pending && !grammar_.at_end(row.progress)
                                        : row.drafts[t - n_pending].before_draw;
      const ColumnToken token = t < n_pending ? row.pending[t] : row.drafts[t - n_pending].token;
      batch_.add(token, row.position + t, r, output);
    }
    for (int t = n; t < length; t++) batch_.add(0, row.position + t, r, false);
  }
  decode();

  for (size_t r = 0; r < rows.size(); r++) {
    if (first[r] < 0) evaluator_->remove(static_cast<int>(r), rows[r].position);
  }
  for (const int r : running)
    go_on(rows[r], r, first[r], n_of[r], std::max(n_of[r], length), request);
}

/** The rows that the prompt of row r shows. */
const EdgeCounts& Generator::shown_to(const GenerateRequest& request, const std::vector<Row>& rows,
                                      int r) {
  const int p = r / request.rows_per_prompt;
  const int begin = request.prompt_offsets[p];
  const auto [found, is_new] = shown_.try_emplace({p, rows[r].first_state});
  if (is_new && options_.switches.drafts) {
    found->second = drafts_.rows_in(request.prompts.data() + begin,
                                    request.prompt_offsets[p + 1] - begin, rows[r].first_state);
  }
  return found->second;
}

/**
 * Sets the drafts of a row: as many as are more likely to spare a step than to be evaluated in
 * vain. A step spared is worth its cost beside its tokens; a token in vain costs all running rows
 * one, for each of them has drafts. Returns how many outputs they ask for.
 */
int Generator::guess_ahead(Row& row, const EdgeCounts& shown, int n_running, int most_outputs) {
  row.drafts.clear();
  const size_t longest = options_.switches.jump_forward ? kMaxJump : 1;
  if (!options_.switches.drafts || row.pending.size() > longest) return 0;
  Drafts::Limits limits;
  limits.least_share = n_running / (n_running + evaluator_->batch_cost());
  limits.most_tokens = kMaxJump - row.pending.size();
  limits.most_draws = most_outputs;
  row.drafts = drafts_.ahead(row.progress, shown, limits);
  return static_cast<int>(std::count_if(row.drafts.begin(), row.drafts.end(),
                                        [](const Draft& draft) { return draft.before_draw; }));
}

/** Of a row's tokens, those that a step takes at most. */
int Generator::tokens_ahead(const Row& row) const {
  const auto n_pending = static_cast<int>(row.pending.size());
  if (!options_.switches.jump_forward && n_pending > 1) return 1;
  return std::min(n_pending + static_cast<int>(row.drafts.size()), kMaxJump);
}

/** Tokens of each row in the next step, from a small menu so that graphs can be used again. */
int Generator::step_length(const std::vector<Row>& rows, const std::vector<int>& running) const {
  int length = 1;
  for (int candidate = 2; candidate <= kMaxJump; candidate *= 2) {
    int used = 0;
    for (const int r : running) used += std::min(tokens_ahead(rows[r]), candidate);
    if (used >= kLeastUse * candidate * running.size()) length = candidate;
  }
  return length;
}

/**
 * Draws behind the n tokens of row r that were evaluated from index `first` of the batch on, and
 * behind those of its drafts that are what was drawn. The cache holds n_evaluated more of it.
 */
void Generator::go_on(Row& row, int r, int first, int n, int n_evaluated,
                      const GenerateRequest& request) {
  const int end = row.position + n_evaluated;
  const int n_taken = std::min(n, static_cast<int>(row.pending.size()));
  const int n_drafts = n - n_taken;
  row.position += n_taken;
  row.pending.erase(row.pending.begin(), row.pending.begin() + n_taken);
  row.done = row.pending.empty() && grammar_.at_end(row.progress);
  int at = first + n_taken - 1, d = 0;
  while (row.pending.empty() && !row.done) {
    draw(row, evaluator_->logits(at), request);
    int kept = 0;
    while (kept < static_cast<int>(row.pending.size()) && d + kept < n_drafts &&
           row.pending[kept] == row.drafts[d + kept].token)
      kept++;
    row.pending.erase(row.pending.begin(), row.pending.begin() + kept);
    row.position += kept;
    at += kept;
    d += kept;
    if (row.pending.empty() && grammar_.at_end(row.progress)) row.done = true;
  }
  if (row.position < end) evaluator_->remove(r, row.position);
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
  n_batches_++;
}

GenerateResult Generator::result_of(const std::vector<Row>& rows) const {
  GenerateResult result;
  result.n_tokens = n_tokens_;
  result.n_batches = n_batches_;
  for (const int32_t kind : options_.automaton.column_kinds) {
    GeneratedColumn column;
    column.kind = kind;
    if (kind == kColumnText) column.text_offsets.push_back(0);
    const size_t c = result.columns.size();
    for (const Row& row : rows) {
      const CellValue& cell = row.progress.cells[c];
      if (kind == kColumnCategory) {
        column.codes.push_back(cell.category());
      } else if (kind == kColumnNumber) {
        column.scaled.push_back(cell.number());
      } else {
        column.text.insert(column.text.end(), cell.text.begin(), cell.text.end());
        column.text_offsets.push_back(static_cast<int32_t>(column.text.size()));
        column.text_missing.push_back(cell.missing ? 1 : 0);
      }
    }
    result.columns.push_back(std::move(column));
  }
  for (const Row& row : rows) {
    result.failed.push_back(row.progress.failed);
    result.log_probabilities.insert(result.log_probabilities.end(), row.log_probabilities.begin(),
                                    row.log_probabilities.end());
    result.allowed_mass.insert(result.allowed_mass.end(), row.allowed_mass.begin(),
                               row.allowed_mass.end());
  }
  return result;
}

}  // namespace harmonic

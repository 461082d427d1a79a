#include "engine/generator.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "engine/error.h"

namespace harmonic {
namespace {

/** Logits asked for behind one step at most, where rows are fewer: beyond it drafts gain little. */
constexpr int kMostOutputs = 64;

void check(const GeneratorOptions& options, const Model& model) {
  const int most = model.most_sequences();
  if (options.n_sequences < 1 || options.n_sequences > most) {
    throw_usage("expected a number from 1 to " + std::to_string(most) +
                " for `nSequences` but received " + std::to_string(options.n_sequences));
  }
  if (options.n_context < 1) {
    throw_usage("expected at least 1 for `nContext` but received " +
                std::to_string(options.n_context));
  }
  if (options.threads < 1) {
    throw_usage("expected at least 1 for `threads` but received " +
                std::to_string(options.threads));
  }
  const int trained = model.info().n_context_trained;
  if (trained > 0 && options.n_context > trained) {
    throw_usage("prompt and row take " + std::to_string(options.n_context) +
                    " tokens, and the base model knows " + std::to_string(trained),
                "use a smaller k, the compact format or a base model with a longer context");
  }
}

int most_outputs(const GeneratorOptions& options) {
  if (!options.switches.drafts) return options.n_sequences;
  return std::max(options.n_sequences, std::min(options.n_sequences * kMaxJump, kMostOutputs));
}

void sort_distinct(std::vector<int32_t>& tokens) {
  std::sort(tokens.begin(), tokens.end());
  tokens.erase(std::unique(tokens.begin(), tokens.end()), tokens.end());
}

/** The tokens that are drawn in each column's states, and behind them those in states of none. */
std::vector<std::vector<int32_t>> choices_by_column(const Grammar& grammar) {
  const Automaton& automaton = grammar.automaton();
  std::vector<std::vector<int32_t>> choices(automaton.n_columns() + 1);
  for (int s = 0; s < automaton.n_states(); s++) {
    if (!automaton.is_choice(s)) continue;
    const int column = grammar.column(s);
    auto& tokens = column < 0 ? choices.back() : choices[column];
    for (const int e : automaton.edges(s)) tokens.push_back(automaton.edge_tokens[e]);
  }
  for (auto& tokens : choices) sort_distinct(tokens);
  return choices;
}

std::vector<int32_t> join_distinct(const std::vector<std::vector<int32_t>>& lists) {
  std::vector<int32_t> tokens;
  for (const auto& list : lists) tokens.insert(tokens.end(), list.begin(), list.end());
  sort_distinct(tokens);
  return tokens;
}

}  // namespace

Generator::Generator(std::shared_ptr<const Model> model, GeneratorOptions options)
    : model_(std::move(model)),
      options_(std::move(options)),
      grammar_(
          options_.automaton, model_->info().n_vocabulary,
          [this](int32_t token) { return model_->detokenize({token}); }, options_.rules,
          options_.decimals),
      drafts_(grammar_, options_.edge_counts),
      prompts_(decoder_, options_.n_sequences,
               {options_.switches.share_prefix, options_.switches.share_prompt}),
      steps_(decoder_, grammar_, drafts_, most_outputs(options_), options_.switches.jump_forward) {
  check(options_, *model_);
  decoder_.aborted = [this] { return aborted(); };
  decoder_.evaluator = new_evaluator();
  on_cpu_ = decoder_.evaluator->on_cpu();
  places_ = places_of_edges();
}

std::unique_ptr<Evaluator> Generator::new_evaluator() const {
  EvaluatorOptions evaluator;
  evaluator.n_sequences = options_.n_sequences;
  // Padding of the last steps goes past the end of the row.
  evaluator.n_context = options_.n_context + kMaxJump;
  evaluator.n_batch = std::max(kPromptBatch, options_.n_sequences * kMaxJump);
  evaluator.n_outputs = most_outputs(options_);
  evaluator.small_cache = options_.switches.small_cache;
  evaluator.half_products = options_.switches.half_products;
  evaluator.threads = options_.threads;
  evaluator.aborted = decoder_.aborted;
  if (options_.switches.cut_vocabulary && !options_.explain) {
    evaluator.column_vocabularies = choices_by_column(grammar_);
    evaluator.vocabulary = join_distinct(evaluator.column_vocabularies);
  }
  return model_->new_evaluator(evaluator);
}

std::vector<int> Generator::places_of_edges() const {
  const Automaton& automaton = grammar_.automaton();
  std::vector<int> places(automaton.edge_tokens.size());
  for (int s = 0; s < automaton.n_states(); s++) {
    if (!automaton.is_choice(s)) continue;
    for (const int e : automaton.edges(s))
      places[e] = decoder_.evaluator->place(automaton.edge_tokens[e], grammar_.column(s));
  }
  return places;
}

GenerateResult Generator::generate(const GenerateRequest& request, uint64_t ticket) {
  std::lock_guard<std::mutex> lock(mutex_);
  current_ticket_ = ticket;
  request.check(grammar_, options_.n_sequences, options_.n_context);
  model_->check_ids(request.prompts, "prompts");
  decoder_.n_tokens = decoder_.n_batches = 0;
  RowDrawer drawer(grammar_, places_, decoder_.evaluator->n_logits(), request,
                   {options_.explain, !options_.switches.jump_forward});
  std::vector<DrawnRow> rows;
  for (int r = 0; r < request.n_rows(); r++) rows.push_back(drawer.start(r));
  try {
    prompts_.read(request, rows, drawer);
    const ShownRows shown = show_prompts(request, rows);
    while (std::any_of(rows.begin(), rows.end(), [](const DrawnRow& row) { return !row.done; }))
      steps_.step(rows, drawer);
  } catch (...) {
    prompts_.forget();
    throw;
  }
  return result_of(rows);
}

/** Tells the rows that go on what their prompts show, where drafts are made. */
Generator::ShownRows Generator::show_prompts(const GenerateRequest& request,
                                             std::vector<DrawnRow>& rows) const {
  ShownRows shown;
  if (!options_.switches.drafts || decoder_.evaluator->batch_cost() <= 0) return shown;
  for (int r = 0; r < static_cast<int>(rows.size()); r++) {
    DrawnRow& row = rows[r];
    if (row.done) continue;
    const int p = request.prompt_of(r), begin = request.prompt_offsets[p];
    const auto [found, is_new] = shown.try_emplace({p, row.first_state});
    if (is_new) {
      found->second = drafts_.rows_in(request.prompts.data() + begin,
                                      request.prompt_offsets[p + 1] - begin, row.first_state);
    }
    row.shown = &found->second;
  }
  return shown;
}

GenerateResult Generator::result_of(const std::vector<DrawnRow>& rows) const {
  GenerateResult result;
  result.n_tokens = decoder_.n_tokens;
  result.n_batches = decoder_.n_batches;
  for (const int32_t kind : grammar_.automaton().column_kinds) {
    result.columns.emplace_back();
    result.columns.back().kind = kind;
  }
  for (const DrawnRow& row : rows) {
    for (size_t c = 0; c < result.columns.size(); c++) result.columns[c].add(row.progress.cells[c]);
    result.failed.push_back(row.progress.failed);
    result.log_probabilities.insert(result.log_probabilities.end(), row.log_probabilities.begin(),
                                    row.log_probabilities.end());
    result.allowed_mass.insert(result.allowed_mass.end(), row.allowed_mass.begin(),
                               row.allowed_mass.end());
  }
  return result;
}

}  // namespace harmonic

#include "engine/row-drawer.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "engine/error.h"

namespace harmonic {

RowDrawer::RowDrawer(const Grammar& grammar, const std::vector<int>& places, int n_logits,
                     const GenerateRequest& request, Options options)
    : grammar_(grammar),
      automaton_(grammar.automaton()),
      places_(places),
      n_logits_(n_logits),
      request_(request),
      options_(options) {}

DrawnRow RowDrawer::start(int r) {
  DrawnRow row;
  row.random = SplitMix64(request_.seeds[r]);
  row.progress = grammar_.start(request_.start_states.empty() ? 0 : request_.start_states[r]);
  row.first_state = row.progress.state;
  row.first_column = grammar_.column(row.progress.state);
  if (options_.explain) {
    row.log_probabilities.assign(automaton_.n_columns(), 0);
    row.allowed_mass.assign(automaton_.n_columns(), 1);
  }
  if (!request_.prefix_offsets.empty()) take_given(row, r);
  take_forced(row);
  return row;
}

/** The tokens that the request says row r begins with. */
void RowDrawer::take_given(DrawnRow& row, int r) {
  const int begin = request_.prefix_offsets[r];
  for (int i = begin; i < request_.prefix_offsets[r + 1]; i++) {
    const int32_t token = request_.prefixes[i];
    const int edge = grammar_.find(row.progress, token);
    if (edge < 0) {
      throw_usage("expected tokens that the automaton allows for `prefixes` but row " +
                  std::to_string(r) + " has token " + std::to_string(token) + " at place " +
                  std::to_string(i - begin));
    }
    const Edges allowed = grammar_.allowed(row.progress, scratch_);
    const int* end = allowed.begin + allowed.n;
    if (std::find(allowed.begin, end, edge) == end) {
      grammar_.fail(row.progress);
      return;
    }
    take(row, edge);
  }
}

void RowDrawer::draw(DrawnRow& row, const float* logits) {
  const Edges edges = grammar_.allowed(row.progress, scratch_);
  allowed_places_.resize(edges.n);
  for (int i = 0; i < edges.n; i++) allowed_places_[i] = places_[edges.begin[i]];
  drawer_.set(logits, allowed_places_.data(), edges.n);
  const int column = grammar_.column(row.progress.state);
  const DrawSettings settings{temperature(column), request_.top_p, request_.min_p};
  const int chosen = drawer_.draw(settings, row.random);
  if (options_.explain && column >= 0) {
    row.log_probabilities[column] += drawer_.log_probability(chosen);
    row.allowed_mass[column] *= drawer_.mass(logits, n_logits_);
  }
  row.pending.clear();
  take(row, edges.begin[chosen]);
  take_forced(row);
}

void RowDrawer::take(DrawnRow& row, int edge) const {
  const int32_t token = automaton_.edge_tokens[edge];
  grammar_.take(row.progress, edge);
  if (token >= 0) row.pending.push_back({token, -1});
  const int column = grammar_.column(row.progress.state);
  (row.pending.empty() ? row.first_column : row.pending.back().column) = column;
}

/** Takes edges for as long as there is but one, or the model is not asked. */
void RowDrawer::take_forced(DrawnRow& row) {
  while (!grammar_.at_end(row.progress)) {
    const Edges edges = grammar_.allowed(row.progress, scratch_);
    if (edges.n > 1 && automaton_.is_silent(row.progress.state)) {
      take(row, draw_silent(row, edges));
    } else if (edges.n == 1) {
      take(row, edges.begin[0]);
    } else {
      break;
    }
  }
  const bool failed = row.progress.failed >= 0;
  if (!failed && !grammar_.at_end(row.progress)) return;
  if (failed || !options_.evaluate_last) row.pending.clear();
  row.done = row.pending.empty();
}

/** One of a silent state's edges by its weight; at temperature 0 the heaviest. */
int RowDrawer::draw_silent(DrawnRow& row, const Edges& edges) const {
  const std::vector<double>& weights = automaton_.edge_weights;
  const int column = grammar_.column(row.progress.state);
  double sum = 0;
  int chosen = edges.begin[0];
  for (int i = 0; i < edges.n; i++) {
    const int edge = edges.begin[i];
    sum += weights[edge];
    if (weights[edge] > weights[chosen]) chosen = edge;
  }
  if (temperature(column) > 0) {
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
double RowDrawer::temperature(int column) const {
  const bool own =
      column >= 0 && !request_.temperatures.empty() && !std::isnan(request_.temperatures[column]);
  return own ? request_.temperatures[column] : request_.temperature;
}

}  // namespace harmonic

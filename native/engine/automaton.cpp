#include "engine/automaton.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "engine/error.h"

namespace harmonic {
namespace {

/** Bytes, and so tokens, that one character may be split into. */
constexpr int kMostPieces = 4;

void check_action(const Automaton& automaton, size_t edge) {
  const int32_t column = automaton.edge_columns[edge];
  const int32_t action = automaton.edge_actions[edge];
  if (column < -1 || column >= automaton.n_columns())
    throw_usage("expected columns of the automaton for `edgeColumns`");
  const bool number = column >= 0 && automaton.column_kinds[column] == kColumnNumber;
  const auto n_values = static_cast<int64_t>(automaton.values.size());
  const bool known =
      action == kActionNone ||
      (column >= 0 &&
       (action == kActionMissing ||
        (number ? (action >= 0 && action <= kActionNegate) ||
                      (action >= kActionPowerOfTen && action < kActionPowerOfTen + 300) ||
                      (action >= kActionValue && action < kActionValue + n_values)
                : action >= 0)));
  if (!known)
    throw_usage("expected an action of the edge's column for `edgeActions` but received " +
                std::to_string(action));
}

void check_columns(const Automaton& automaton) {
  bool texts = false;
  for (const int32_t kind : automaton.column_kinds) {
    if (kind < kColumnCategory || kind > kColumnText)
      throw_usage("expected 0, 1 or 2 for `columnKinds`");
    texts = texts || kind == kColumnText;
  }
  const auto& limits = automaton.text_limits;
  if (limits.empty() && !texts) return;
  if (limits.size() != 2 * automaton.column_kinds.size())
    throw_usage("expected two numbers a column for `textLimits`");
  for (int c = 0; c < automaton.n_columns(); c++) {
    if (automaton.column_kinds[c] != kColumnText) continue;
    if (limits[2 * c] < 0 || limits[2 * c + 1] < std::max(limits[2 * c], 1)) {
      throw_usage("expected fewest and most characters of a text for `textLimits` but received " +
                  std::to_string(limits[2 * c]) + " and " + std::to_string(limits[2 * c + 1]));
    }
  }
}

void check_tokens(const Automaton& automaton) {
  std::vector<int32_t> tokens;
  for (int s = 0; s < automaton.n_states(); s++) {
    tokens.clear();
    for (const int e : automaton.edges(s)) tokens.push_back(automaton.edge_tokens[e]);
    if (!std::is_sorted(tokens.begin(), tokens.end())) std::sort(tokens.begin(), tokens.end());
    if (std::adjacent_find(tokens.begin(), tokens.end()) != tokens.end()) {
      throw_usage("expected each token once among the edges of a state, but state " +
                  std::to_string(s) + " repeats one");
    }
  }
}

void check_values(const Automaton& automaton) {
  for (const double value : automaton.values) {
    if (!std::isfinite(value) || value != std::floor(value))
      throw_usage("expected whole numbers for `edgeValues`");
  }
}

/** Negative tokens stand on all edges of a state or on none, and have weights. */
void check_silent(const Automaton& automaton) {
  const auto& weights = automaton.edge_weights;
  if (!weights.empty() && weights.size() != automaton.edge_tokens.size())
    throw_usage("expected one number an edge for `edgeWeights`");
  for (int s = 0; s < automaton.n_states(); s++) {
    const bool silent = automaton.is_silent(s);
    for (const int e : automaton.edges(s)) {
      if ((automaton.edge_tokens[e] < 0) != silent) {
        throw_usage(
            "expected negative `edgeTokens` on all edges of a state or on none, but state " +
            std::to_string(s) + " has both");
      }
      if (!silent) continue;
      if (automaton.is_text(e)) throw_usage("expected no negative `edgeTokens` in a text");
      if (weights.empty() || !(weights[e] > 0) || !std::isfinite(weights[e]))
        throw_usage("expected positive numbers for `edgeWeights` where `edgeTokens` are negative");
    }
  }
}

/** The most tokens of each column's text. */
std::vector<int> longest_texts(const Automaton& automaton) {
  std::vector<int> longest(automaton.n_columns(), 0);
  for (int c = 0; c < automaton.n_columns(); c++) {
    if (automaton.column_kinds[c] == kColumnText) longest[c] = automaton.text_limits[2 * c + 1];
  }
  std::vector<bool> splits(automaton.n_columns(), false);
  for (size_t e = 0; e < automaton.edge_tokens.size(); e++) {
    if (automaton.is_text(e) && automaton.edge_actions[e] == 0)
      splits[automaton.edge_columns[e]] = true;
  }
  for (int c = 0; c < automaton.n_columns(); c++) {
    if (splits[c]) longest[c] *= kMostPieces;
  }
  return longest;
}

}  // namespace

int Automaton::check(int n_vocabulary) const {
  const size_t n_all = edge_tokens.size();
  if (edge_offsets.size() < 2) throw_usage("expected at least one state for `automaton`");
  if (edge_next.size() != n_all || edge_columns.size() != n_all || edge_actions.size() != n_all) {
    throw_usage("expected the edge arrays of `automaton` to have one length");
  }
  if (edge_offsets.front() != 0 || edge_offsets.back() != static_cast<int32_t>(n_all) ||
      !std::is_sorted(edge_offsets.begin(), edge_offsets.end())) {
    throw_usage("expected ascending offsets from 0 to the number of edges for `edgeOffsets`");
  }
  check_columns(*this);
  for (size_t e = 0; e < n_all; e++) {
    if (edge_tokens[e] >= n_vocabulary) {
      throw_usage("expected token ids of the model for `edgeTokens` but received " +
                  std::to_string(edge_tokens[e]));
    }
    if (edge_next[e] < 0 || edge_next[e] >= n_states())
      throw_usage("expected states for `edgeNext`");
    check_action(*this, e);
  }
  check_tokens(*this);
  check_values(*this);
  check_silent(*this);

  const std::vector<int> order = topological_order();
  if (static_cast<int>(order.size()) < n_states())
    throw_usage("expected an automaton without cycles for `automaton`, but for a text's own");
  // The longest path from the back. A text's pieces count where its state leads to itself.
  const std::vector<int> texts = longest_texts(*this);
  std::vector<int> longest(n_states(), 0);
  for (auto state = order.rbegin(); state != order.rend(); ++state) {
    int text = 0, rest = 0;
    const int written = is_silent(*state) ? 0 : 1;
    for (const int e : edges(*state)) {
      if (edge_next[e] == *state) {
        text = texts[edge_columns[e]];
      } else {
        rest = std::max(rest, longest[edge_next[e]] + (is_text(e) ? 0 : written));
      }
    }
    longest[*state] = text + rest;
  }
  return *std::max_element(longest.begin(), longest.end());
}

std::vector<int> Automaton::topological_order() const {
  // Kahn's algorithm.
  std::vector<int> n_into(n_states(), 0), order;
  const auto is_loop = [&](int state, int edge) {
    return edge_next[edge] == state && is_text(edge);
  };
  for (int s = 0; s < n_states(); s++) {
    for (const int e : edges(s)) {
      if (!is_loop(s, e)) n_into[edge_next[e]]++;
    }
  }
  for (int s = 0; s < n_states(); s++) {
    if (n_into[s] == 0) order.push_back(s);
  }
  for (size_t i = 0; i < order.size(); i++) {
    for (const int e : edges(order[i])) {
      if (!is_loop(order[i], e) && --n_into[edge_next[e]] == 0) order.push_back(edge_next[e]);
    }
  }
  return order;
}

std::vector<int32_t> Automaton::state_columns() const {
  std::vector<int32_t> columns(n_states(), -1);
  // Columns that are still to be written, that of the state included: where ways part inside a
  // cell, the state's column is that of the way with the most.
  std::vector<int> n_left(n_states(), 0);
  const std::vector<int> order = topological_order();
  for (auto state = order.rbegin(); state != order.rend(); ++state) {
    for (const int e : edges(*state)) {
      const int next = edge_next[e], c = edge_columns[e];
      if (next == *state) continue;
      const int n = n_left[next] + (c >= 0 && columns[next] != c ? 1 : 0);
      if (n <= n_left[*state]) continue;
      n_left[*state] = n;
      columns[*state] = c >= 0 ? c : columns[next];
    }
  }
  return columns;
}

}  // namespace harmonic

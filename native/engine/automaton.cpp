#include "engine/automaton.h"

#include <algorithm>
#include <string>

#include "engine/error.h"

namespace harmonic {
namespace {

[[noreturn]] void throw_usage(const std::string& message) { throw Error("E_USAGE", message); }

void check_action(const Automaton& automaton, size_t edge) {
  const int32_t column = automaton.edge_columns[edge];
  const int32_t action = automaton.edge_actions[edge];
  if (column < -1 || column >= automaton.n_columns())
    throw_usage("expected columns of the automaton for `edgeColumns`");
  const bool number = column >= 0 && automaton.column_kinds[column] == kColumnNumber;
  const bool known =
      action == kActionNone ||
      (column >= 0 &&
       (action == kActionMissing ||
        (number ? (action >= 0 && action <= kActionNegate) ||
                      (action >= kActionPowerOfTen && action < kActionPowerOfTen + 300)
                : action >= 0)));
  if (!known)
    throw_usage("expected an action of the edge's column for `edgeActions` but received " +
                std::to_string(action));
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
  for (const int32_t kind : column_kinds) {
    if (kind != kColumnCategory && kind != kColumnNumber)
      throw_usage("expected 0 or 1 for `columnKinds`");
  }
  for (size_t e = 0; e < n_all; e++) {
    if (edge_tokens[e] < 0 || edge_tokens[e] >= n_vocabulary) {
      throw_usage("expected token ids of the model for `edgeTokens` but received " +
                  std::to_string(edge_tokens[e]));
    }
    if (edge_next[e] < 0 || edge_next[e] >= n_states())
      throw_usage("expected states for `edgeNext`");
    check_action(*this, e);
  }
  std::vector<int32_t> tokens;
  for (int s = 0; s < n_states(); s++) {
    tokens.assign(edge_tokens.begin() + edge_offsets[s], edge_tokens.begin() + edge_offsets[s + 1]);
    std::sort(tokens.begin(), tokens.end());
    if (std::adjacent_find(tokens.begin(), tokens.end()) != tokens.end()) {
      throw_usage("expected each token once among the edges of a state, but state " +
                  std::to_string(s) + " repeats one");
    }
  }

  // Kahn's topological order, then the longest path from the back.
  std::vector<int> n_into(n_states(), 0);
  for (const int32_t next : edge_next) n_into[next]++;
  std::vector<int> order;
  for (int s = 0; s < n_states(); s++) {
    if (n_into[s] == 0) order.push_back(s);
  }
  for (size_t i = 0; i < order.size(); i++) {
    for (int e = edge_offsets[order[i]]; e < edge_offsets[order[i] + 1]; e++) {
      if (--n_into[edge_next[e]] == 0) order.push_back(edge_next[e]);
    }
  }
  if (static_cast<int>(order.size()) < n_states())
    throw_usage("expected an automaton without cycles for `automaton`");
  std::vector<int> longest(n_states(), 0);
  for (auto state = order.rbegin(); state != order.rend(); ++state) {
    for (int e = edge_offsets[*state]; e < edge_offsets[*state + 1]; e++) {
      longest[*state] = std::max(longest[*state], longest[edge_next[e]] + 1);
    }
  }
  return longest[0];
}

}  // namespace harmonic

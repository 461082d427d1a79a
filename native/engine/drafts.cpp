#include "engine/drafts.h"

#include <algorithm>
#include <utility>

#include "engine/error.h"

namespace harmonic {
namespace {

/** What the table's shares weigh beside a row that the prompt shows, which weighs 1. */
constexpr double kTable = 1;

}  // namespace

Drafts::Drafts(const Grammar& grammar, std::vector<int32_t> counts)
    : grammar_(grammar), automaton_(grammar.automaton()), counts_(std::move(counts)) {
  if (!counts_.empty() && counts_.size() != automaton_.edge_tokens.size())
    throw Error("E_USAGE", "expected one number an edge for `edgeCounts`");
}

/** The edges of a state lie by ascending token. */
int Drafts::find(int state, int32_t token) const {
  const auto begin = automaton_.edge_tokens.begin() + automaton_.edge_offsets[state];
  const auto end = automaton_.edge_tokens.begin() + automaton_.edge_offsets[state + 1];
  const auto found = std::lower_bound(begin, end, token);
  if (found == end || *found != token) return -1;
  return static_cast<int>(found - automaton_.edge_tokens.begin());
}

EdgeCounts Drafts::rows_in(const int32_t* tokens, int n, int start) const {
  EdgeCounts counts;
  std::vector<int> edges;
  for (int i = 0; i < n;) {
    edges.clear();
    int state = start, end = i;
    for (; end < n && automaton_.n_edges(state) > 0; end++) {
      const int edge = find(state, tokens[end]);
      if (edge < 0) break;
      edges.push_back(edge);
      state = automaton_.edge_next[edge];
    }
    if (edges.empty() || automaton_.n_edges(state) > 0) {
      i++;
      continue;
    }
    for (const int edge : edges) counts[edge]++;
    i = end;
  }
  return counts;
}

std::vector<Draft> Drafts::ahead(RowProgress& row, const EdgeCounts& shown,
                                 const Limits& limits) const {
  std::vector<Draft> drafts;
  std::vector<int> scratch;
  RowProgress copy;
  RowProgress* progress = &row;
  double share = 1;
  size_t last_draw = 0;  // drafts before the last that is drawn
  for (int n_draws = 0; true;) {
    if (grammar_.at_end(*progress)) {
      // Nothing is drawn behind these.
      drafts.resize(last_draw);
      break;
    }
    const Edges edges = grammar_.allowed(*progress, scratch);
    if (edges.n == 0) break;
    const bool silent = automaton_.is_silent(progress->state);
    if ((edges.n > 1 || silent) && !drafts.empty()) drafts.back().before_draw = true;
    if (silent || drafts.size() == limits.most_tokens || n_draws == limits.most_draws) break;
    int edge = edges.begin[0];
    if (edges.n > 1) {
      const Guess likeliest = guess(shown, edges);
      share *= likeliest.share;
      if (share < limits.least_share) break;
      edge = likeliest.edge;
      last_draw = drafts.size();
      n_draws++;
    }
    if (progress == &row) {
      copy = row;
      progress = &copy;
    }
    grammar_.take(copy, edge);
    drafts.push_back({{automaton_.edge_tokens[edge], grammar_.column(copy.state)}, false});
  }
  return drafts;
}

Drafts::Guess Drafts::guess(const EdgeCounts& shown, const Edges& edges) const {
  const auto shown_on = [&](int edge) {
    const auto found = shown.find(edge);
    return found == shown.end() ? 0 : found->second;
  };
  // An edge that no row takes may be drawn all the same.
  const auto taken = [&](int edge) { return counts_.empty() ? 1.0 : counts_[edge] + 1.0; };
  double all_shown = 0, all_taken = 0;
  for (int i = 0; i < edges.n; i++) {
    all_shown += shown_on(edges.begin[i]);
    all_taken += taken(edges.begin[i]);
  }
  Guess best{edges.begin[0], 0};
  for (int i = 0; i < edges.n; i++) {
    const int edge = edges.begin[i];
    const double share = (shown_on(edge) + kTable * taken(edge) / all_taken) / (all_shown + kTable);
    if (share > best.share) best = {edge, share};
  }
  return best;
}

}  // namespace harmonic

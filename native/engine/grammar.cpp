#include "engine/grammar.h"

#include <numeric>

namespace harmonic {

Grammar::Grammar(Automaton automaton, int n_vocabulary,
                 const std::function<std::string(int32_t)>& bytes_of)
    : automaton_(std::move(automaton)),
      longest_row_(automaton_.check(n_vocabulary)),
      state_columns_(automaton_.state_columns()),
      texts_(automaton_, bytes_of),
      edges_(automaton_.edge_tokens.size()) {
  std::iota(edges_.begin(), edges_.end(), 0);
}

RowProgress Grammar::start(int state) const {
  RowProgress row;
  row.state = state;
  row.cells.resize(automaton_.n_columns());
  return row;
}

Edges Grammar::allowed(RowProgress& row, std::vector<int>& scratch) const {
  if (row.failed >= 0) return {nullptr, 0};
  const int first = automaton_.edge_offsets[row.state];
  const int n = automaton_.n_edges(row.state);
  const int column = state_columns_[row.state];
  if (column < 0 || automaton_.column_kinds[column] != kColumnText) return {&edges_[first], n};
  scratch.clear();
  for (int e = first; e < first + n; e++) {
    if (texts_.allows(row.text, e)) scratch.push_back(e);
  }
  return {scratch.data(), static_cast<int>(scratch.size())};
}

void Grammar::take(RowProgress& row, int edge) const {
  const int column = automaton_.edge_columns[edge];
  if (column >= 0) {
    CellValue& cell = row.cells[column];
    cell.apply(automaton_.column_kinds[column], automaton_.edge_actions[edge]);
    if (automaton_.is_text(edge)) {
      cell.text += texts_.bytes(edge);
      texts_.take(row.text, edge);
    } else if (automaton_.column_kinds[column] == kColumnText) {
      row.text = {};
    }
  }
  row.state = automaton_.edge_next[edge];
}

int Grammar::find(const RowProgress& row, int32_t token) const {
  for (int e = automaton_.edge_offsets[row.state]; e < automaton_.edge_offsets[row.state + 1];
       e++) {
    if (automaton_.edge_tokens[e] == token) return e;
  }
  return -1;
}

}  // namespace harmonic

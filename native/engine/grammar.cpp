#include "engine/grammar.h"

#include <numeric>

namespace harmonic {

namespace {

std::vector<bool> ruled_columns(const Automaton& automaton, const std::vector<Rule>& rules) {
  std::vector<bool> ruled(automaton.n_columns(), false);
  for (const Rule& rule : rules) {
    rule.check(automaton.column_kinds);
    for (const int32_t column : rule.all_columns()) ruled[column] = true;
  }
  return ruled;
}

std::vector<Domain> domains_of(const Reach& reach, int n_columns) {
  std::vector<Domain> domains;
  for (int c = 0; c < n_columns; c++) domains.push_back(reach.domain(c));
  return domains;
}

}  // namespace

Grammar::Grammar(Automaton automaton, int n_vocabulary,
                 const std::function<std::string(int32_t)>& bytes_of, std::vector<Rule> rules,
                 const std::vector<int32_t>& decimals)
    : automaton_(std::move(automaton)),
      longest_row_(automaton_.check(n_vocabulary)),
      state_columns_(automaton_.state_columns()),
      texts_(automaton_, bytes_of),
      reach_(automaton_, state_columns_, ruled_columns(automaton_, rules)),
      rules_(std::move(rules), decimals, automaton_.column_kinds,
             domains_of(reach_, automaton_.n_columns())),
      edges_(automaton_.edge_tokens.size()) {
  std::iota(edges_.begin(), edges_.end(), 0);
}

RowProgress Grammar::start(int state) const {
  RowProgress row;
  row.state = state;
  row.cells.resize(automaton_.n_columns());
  if (rules_.n_rules() > 0) row.rules = rules_.start();
  return row;
}

Edges Grammar::allowed(RowProgress& row, std::vector<int>& scratch) const {
  if (row.failed >= 0) return {nullptr, 0};
  const int first = automaton_.edge_offsets[row.state];
  const int n = automaton_.n_edges(row.state);
  const int column = state_columns_[row.state];
  if (column < 0) return {&edges_[first], n};
  const bool text = automaton_.column_kinds[column] == kColumnText;
  if (!text) {
    if (!rules_.is_ruled(column)) return {&edges_[first], n};
    if (row.cell_column != column) enter(row, column);
    if (!row.limited) return {&edges_[first], n};
  }
  scratch.clear();
  for (int e = first; e < first + n; e++) {
    if (text ? texts_.allows(row.text, e)
             : reach_.allows(row.state, e, row.cells[column], row.target))
      scratch.push_back(e);
  }
  if (scratch.empty()) {
    const int rule = text ? -1 : row.rules.narrowed_by[column];
    row.failed = rule < 0 ? rules_.n_rules() : rule;
  }
  return {scratch.data(), static_cast<int>(scratch.size())};
}

/** Before the first edge of a cell. */
void Grammar::enter(RowProgress& row, int column) const {
  row.cell_column = column;
  const Domain& domain = *row.rules.domains[column];
  row.limited = !(domain == reach_.domain(column));
  if (row.limited) row.target = reach_.target(row.state, domain);
}

/** Behind the last edge of a cell. */
void Grammar::leave(RowProgress& row, int column) const {
  const CellValue& cell = row.cells[column];
  const int code = cell.category();
  const double value = automaton_.column_kinds[column] == kColumnNumber ? cell.number()
                       : code < 0 ? std::numeric_limits<double>::quiet_NaN()
                                  : static_cast<double>(code);
  row.failed = rules_.decide(row.rules, column, value);
}

void Grammar::take(RowProgress& row, int edge) const {
  const int column = automaton_.edge_columns[edge];
  if (column >= 0) {
    CellValue& cell = row.cells[column];
    cell.apply(automaton_.column_kinds[column], automaton_.edge_actions[edge], automaton_.values);
    if (automaton_.is_text(edge)) {
      cell.text += texts_.bytes(edge);
      texts_.take(row.text, edge);
    } else if (automaton_.column_kinds[column] == kColumnText) {
      row.text = {};
    }
  }
  const int cell = state_columns_[row.state];
  row.state = automaton_.edge_next[edge];
  if (cell >= 0 && cell != state_columns_[row.state] && rules_.is_ruled(cell)) leave(row, cell);
}

int Grammar::find(const RowProgress& row, int32_t token) const {
  for (const int e : automaton_.edges(row.state)) {
    if (automaton_.edge_tokens[e] == token) return e;
  }
  return -1;
}

}  // namespace harmonic

#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/automaton.h"
#include "engine/reach.h"
#include "engine/rule-set.h"
#include "engine/text-cells.h"

namespace harmonic {

/** One row on its way through an automaton. */
struct RowProgress {
  int state = 0;
  std::vector<CellValue> cells;  // one a column
  TextProgress text;             // of the text that is being written
  int failed = -1;               // the rule that cannot be satisfied any more; rules: none of them
  RuleProgress rules;
  // of the cell that is being written, where its column has rules and they leave something out
  int cell_column = -1;
  bool limited = false;
  Domain target;  // as Reach wants it
};

/** Some edges of a state. */
struct Edges {
  const int* begin;
  int n;
};

/** What rows may be: an automaton with its texts' limits and the rules between columns. */
class Grammar {
 public:
  /** Throws Error E_USAGE where the automaton is none or the rules cannot be satisfied. `bytes_of`
   * gives a token's bytes. */
  Grammar(Automaton automaton, int n_vocabulary,
          const std::function<std::string(int32_t)>& bytes_of, std::vector<Rule> rules,
          const std::vector<int32_t>& decimals);

  const Automaton& automaton() const { return automaton_; }
  /** Tokens of the longest row. */
  int longest_row() const { return longest_row_; }
  /** The column whose cell a state belongs to or comes before; -1 behind the last. */
  int column(int state) const { return state_columns_[state]; }

  RowProgress start(int state) const;
  bool at_end(const RowProgress& row) const { return automaton_.n_edges(row.state) == 0; }
  /** The edges that the row may take, of which there is one at least unless it has failed, then
   * none. Valid until `scratch` changes. */
  Edges allowed(RowProgress& row, std::vector<int>& scratch) const;
  /** Takes an allowed edge. */
  void take(RowProgress& row, int edge) const;
  /** Ends the row as one that nothing allowed can finish. */
  void fail(RowProgress& row) const { row.failed = rules_.n_rules(); }
  /** The row's edge of a token, -1 where it has none. */
  int find(const RowProgress& row, int32_t token) const;

 private:
  void enter(RowProgress& row, int column) const;
  void leave(RowProgress& row, int column) const;

  Automaton automaton_;
  int longest_row_;
  std::vector<int32_t> state_columns_;
  TextCells texts_;
  Reach reach_;
  RuleSet rules_;
  std::vector<int> edges_;  // 0, 1, 2 ...
};

}  // namespace harmonic

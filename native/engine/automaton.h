#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace harmonic {

/** Actions of an edge on its column's value, beside the index of a category, a digit 0 .. 9 or the
 * characters of a piece of text. */
enum EdgeAction : int32_t {
  kActionMissing = -2,
  kActionNone = -1,
  kActionNegate = 10,
  kActionPowerOfTen = 100,  // + exponent
  kActionValue = 1000,      // + index into the automaton's values
};

enum ColumnKind : int32_t { kColumnCategory = 0, kColumnNumber = 1, kColumnText = 2 };

/** The numbers first .. last - 1, for loops. */
struct IndexRange {
  struct Iterator {
    int i;
    int operator*() const { return i; }
    bool operator!=(const Iterator& other) const { return i != other.i; }
    Iterator& operator++() {
      i++;
      return *this;
    }
  };
  int first, last;
  Iterator begin() const { return {first}; }
  Iterator end() const { return {last}; }
};

/**
 * A row as a deterministic automaton over token ids: it starts in state 0 or in one that a request
 * names, and a state without edges is the end. Only a text cell's state may lead to itself. The
 * edges of a silent state have negative tokens, which the model never sees: one is drawn by its
 * weight.
 */
struct Automaton {
  std::vector<int32_t> edge_offsets;  // states + 1
  std::vector<int32_t> edge_tokens;
  std::vector<int32_t> edge_next;
  std::vector<int32_t> edge_columns;  // -1 literal text
  std::vector<int32_t> edge_actions;
  std::vector<int32_t> column_kinds;
  std::vector<int32_t> text_limits;  // shape (columns, 2): fewest and most characters of a text
  std::vector<double> values;        // scaled values that edges set
  std::vector<double> edge_weights;  // of silent states' edges; empty where there are none

  int n_states() const { return static_cast<int>(edge_offsets.size()) - 1; }
  int n_columns() const { return static_cast<int>(column_kinds.size()); }
  IndexRange edges(int state) const { return {edge_offsets[state], edge_offsets[state + 1]}; }
  int n_edges(int state) const { return edge_offsets[state + 1] - edge_offsets[state]; }
  bool is_silent(int state) const {
    return n_edges(state) > 0 && edge_tokens[edge_offsets[state]] < 0;
  }
  /** The model is asked which of the state's edges is taken. */
  bool is_choice(int state) const { return n_edges(state) > 1 && !is_silent(state); }
  /** The edge goes on with a text. */
  bool is_text(int edge) const {
    const int column = edge_columns[edge];
    return column >= 0 && column_kinds[column] == kColumnText && edge_actions[edge] >= 0;
  }

  /** Throws Error E_USAGE where the tables are inconsistent or a row could go on for ever. Returns
   * the tokens of the longest row. */
  int check(int n_vocabulary) const;
  /** States so that each comes after all that lead to it, itself aside; fewer than all where there
   * are cycles. */
  std::vector<int> topological_order() const;
  /**
   * Of each state the column whose cell is being written there, or comes next; -1 behind the last.
   * A cell ends with the edge that leads to another column's state.
   */
  std::vector<int32_t> state_columns() const;
};

/** The value of one column of one row while its tokens are taken. */
struct CellValue {
  int32_t code = -1;
  double scaled = 0;
  bool negative = false;
  bool missing = false;
  std::string text;  // UTF-8, of a text

  /** `values`: of the automaton. */
  void apply(int32_t kind, int32_t action, const std::vector<double>& values) {
    if (action == kActionNone) return;
    if (action == kActionMissing) {
      missing = true;
    } else if (kind == kColumnCategory) {
      code = action;
    } else if (kind == kColumnText) {
      return;  // the caller adds the token's bytes
    } else if (action >= kActionValue) {
      scaled = std::abs(values[action - kActionValue]);
      negative = values[action - kActionValue] < 0;
    } else if (action >= kActionPowerOfTen) {
      for (int32_t i = kActionPowerOfTen; i < action; i++) scaled *= 10;
    } else if (action == kActionNegate) {
      negative = true;
    } else {
      scaled = scaled * 10 + action;
    }
  }

  int32_t category() const { return missing ? -1 : code; }
  double number() const {
    if (missing) return std::numeric_limits<double>::quiet_NaN();
    return negative && scaled != 0 ? -scaled : scaled;
  }
};

}  // namespace harmonic

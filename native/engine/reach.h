#pragma once

#include <vector>

#include "engine/automaton.h"
#include "engine/domain.h"

namespace harmonic {

/**
 * What the cells of some columns can still become from each state, so that a cell can be held to a
 * domain token by token without dead ends: for a number how many digits may come and what they may
 * be, for a category the places of its values in depth-first order.
 */
class Reach {
 public:
  /** `columns`: which are asked for, categories and numbers. `state_columns`: see Automaton. */
  Reach(const Automaton& automaton, const std::vector<int32_t>& state_columns,
        const std::vector<bool>& columns);

  /** All that a column's cells may be; a number's gaps inside an interval may be overlooked. */
  const Domain& domain(int column) const { return domains_[column]; }
  /** A column's domain as allows() wants it for a cell that begins in a state. */
  Domain target(int state, const Domain& domain) const;
  /** Whether a cell with this value so far can still become one of the target's behind an edge. */
  bool allows(int state, int edge, const CellValue& cell, const Domain& target) const;

 private:
  /** Values that the rest of a number makes of the digits so far, v: v * 10^n_digits + rest. */
  struct Future {
    double unit;  // 10^digits to come; 0: the value is set, whatever v
    bool negative;
    double low, high, count;
  };
  struct Number {
    double scaled;
    bool negative;
  };
  struct State {
    int first = 0, n = 0;    // of a number: its futures
    int low = 0, high = -1;  // of a category: places
    int root = -1;
    bool missing = false;
  };
  /** Where cells of a category begin: its codes with their places, by code. */
  struct Place {
    int32_t code, place;
  };

  void add_future(std::vector<Future>& futures, const Future& future) const;
  void find_futures(int state);
  bool add_points(int begin, std::vector<Interval>& points) const;
  bool share_places(int begin);
  void find_places(int root, int state, std::vector<int>& next_place);
  bool reaches(int state, const Number& number, const Domain& target) const;
  bool is_inside(int state, int edge) const {
    return columns_of_[automaton_.edge_next[edge]] == columns_of_[state];
  }

  const Automaton& automaton_;
  const std::vector<int32_t>& columns_of_;
  std::vector<State> states_;
  std::vector<Future> futures_;
  std::vector<int32_t> places_;            // by edge: of the value that it ends with
  std::vector<std::vector<Place>> roots_;  // by root
  std::vector<Domain> domains_;            // by column
};

}  // namespace harmonic

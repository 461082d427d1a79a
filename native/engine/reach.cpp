#include "engine/reach.h"

#include <algorithm>
#include <cmath>

#include "engine/error.h"

namespace harmonic {
namespace {

/** Values of a column that rules look at one by one; of more, at the least and the greatest. */
constexpr size_t kMostPoints = 4096;

}  // namespace

Reach::Reach(const Automaton& automaton, const std::vector<int32_t>& state_columns,
             const std::vector<bool>& columns)
    : automaton_(automaton),
      columns_of_(state_columns),
      states_(automaton.n_states()),
      places_(automaton.edge_tokens.size(), -1),
      domains_(automaton.column_kinds.size()) {
  const auto asked = [&](int state) {
    return columns_of_[state] >= 0 && columns[columns_of_[state]];
  };
  const std::vector<int> order = automaton.topological_order();
  std::vector<bool> begins(automaton.n_states(), true);  // no way into it from its own cell
  for (auto s = order.rbegin(); s != order.rend(); ++s) {
    for (const int e : automaton.edges(*s)) {
      if (is_inside(*s, e)) begins[automaton.edge_next[e]] = false;
      if (asked(*s) && !is_inside(*s, e) && automaton.edge_actions[e] == kActionMissing)
        states_[*s].missing = true;
      if (asked(*s) && is_inside(*s, e) && states_[automaton.edge_next[e]].missing)
        states_[*s].missing = true;
    }
    if (asked(*s) && automaton.column_kinds[columns_of_[*s]] == kColumnNumber) find_futures(*s);
  }
  std::vector<std::vector<Interval>> values(domains_.size());
  for (const int s : order) {
    if (!asked(s) || !begins[s]) continue;
    const int c = columns_of_[s];
    domains_[c].missing = domains_[c].missing || states_[s].missing;
    if (automaton.column_kinds[c] == kColumnNumber) {
      for (int f = states_[s].first; f < states_[s].first + states_[s].n; f++) {
        const Future& future = futures_[f];
        if (future.unit == 0 && add_points(s, values[c])) continue;
        values[c].push_back(future.negative ? Interval{-future.high, -future.low}
                                            : Interval{future.low, future.high});
      }
    } else {
      if (share_places(s)) continue;
      std::vector<int> next_place = {0};
      roots_.emplace_back();
      find_places(static_cast<int>(roots_.size()) - 1, s, next_place);
      auto& codes = roots_.back();
      std::sort(codes.begin(), codes.end(),
                [](const Place& a, const Place& b) { return a.code < b.code; });
      for (const Place& place : codes)
        values[c].push_back({static_cast<double>(place.code), static_cast<double>(place.code)});
    }
  }
  for (size_t c = 0; c < domains_.size(); c++)
    domains_[c] = Domain::of(std::move(values[c]), domains_[c].missing);
}

void Reach::add_future(std::vector<Future>& futures, const Future& future) const {
  for (Future& known : futures) {
    if (known.unit != future.unit || known.negative != future.negative) continue;
    known.low = std::min(known.low, future.low);
    known.high = std::max(known.high, future.high);
    known.count += future.count;
    return;
  }
  futures.push_back(future);
}

/** Those of a state of a number, from those of the states behind it. */
void Reach::find_futures(int state) {
  std::vector<Future> futures;
  for (const int e : automaton_.edges(state)) {
    const int action = automaton_.edge_actions[e];
    if (action == kActionMissing) continue;
    if (action >= kActionValue) {
      // Whatever came before. Values may repeat, so nothing is said of gaps.
      const double value = automaton_.values[action - kActionValue], size = std::abs(value);
      if (!is_inside(state, e)) {
        add_future(futures, {0, value < 0, size, size, 0});
        continue;
      }
      const State& next = states_[automaton_.edge_next[e]];
      for (int f = next.first; f < next.first + next.n; f++) {
        const Future& behind = futures_[f];
        const double own = size * behind.unit;
        const bool negative = behind.unit == 0 ? behind.negative : (value < 0) != behind.negative;
        add_future(futures, {0, negative, own + behind.low, own + behind.high, 0});
      }
      continue;
    }
    const bool negates = action == kActionNegate;
    const double digit = action >= 0 && action < kActionNegate ? action : 0;
    const bool appends = action >= 0 && action < kActionNegate;
    const double unit = action >= kActionPowerOfTen ? std::pow(10.0, action - kActionPowerOfTen)
                        : appends                   ? 10.0
                                                    : 1.0;
    if (!is_inside(state, e)) {
      add_future(futures, {unit, negates, digit, digit, 1});
      continue;
    }
    const State& next = states_[automaton_.edge_next[e]];
    for (int f = next.first; f < next.first + next.n; f++) {
      const Future& behind = futures_[f];
      if (behind.unit == 0) {
        add_future(futures, behind);
        continue;
      }
      const double more = digit * behind.unit;
      add_future(futures, {unit * behind.unit, negates != behind.negative, more + behind.low,
                           more + behind.high, behind.count});
    }
  }
  states_[state].first = static_cast<int>(futures_.size());
  states_[state].n = static_cast<int>(futures.size());
  futures_.insert(futures_.end(), futures.begin(), futures.end());
}

/** The values that edges set in the cell that begins in a state, unless they are not what it ends
 * as or there are very many. */
bool Reach::add_points(int begin, std::vector<Interval>& points) const {
  std::vector<Interval> found;
  std::vector<int> stack = {begin};
  std::vector<bool> seen(automaton_.n_states(), false);
  while (!stack.empty()) {
    const int state = stack.back();
    stack.pop_back();
    for (const int e : automaton_.edges(state)) {
      const int action = automaton_.edge_actions[e], next = automaton_.edge_next[e];
      if (action >= kActionValue) {
        if (is_inside(state, e)) return false;
        const double value = automaton_.values[action - kActionValue];
        found.push_back({value, value});
      } else if (is_inside(state, e) && !seen[next]) {
        seen[next] = true;
        stack.push_back(next);
      }
    }
    if (found.size() > kMostPoints) return false;
  }
  points.insert(points.end(), found.begin(), found.end());
  return true;
}

/** Several rows may go on in the same cell: text before it that leads there alone has its places.
 */
bool Reach::share_places(int begin) {
  std::vector<int> way;
  int state = begin;
  while (states_[state].root < 0) {
    const int edge = automaton_.edge_offsets[state];
    if (automaton_.n_edges(state) != 1 || !is_inside(state, edge)) return false;
    way.push_back(state);
    state = automaton_.edge_next[edge];
  }
  for (const int before : way) {
    states_[before].root = states_[state].root;
    states_[before].low = states_[state].low;
    states_[before].high = states_[state].high;
  }
  return true;
}

/** Numbers the values of a category depth first, so that those behind each state are neighbours. */
void Reach::find_places(int root, int state, std::vector<int>& next_place) {
  // A stack of its own: a value may be thousands of tokens long.
  struct Visit {
    int state, edge;
  };
  const auto enter = [&](int s) {
    if (states_[s].root >= 0 && states_[s].low <= states_[s].high) {
      throw Error("E_USAGE", "expected a tree of tokens for the values of column " +
                                 std::to_string(columns_of_[s]) + ", which has a rule");
    }
    states_[s].root = root;
    states_[s].low = next_place[0];
    return Visit{s, automaton_.edge_offsets[s]};
  };
  std::vector<Visit> stack = {enter(state)};
  while (!stack.empty()) {
    auto& [s, e] = stack.back();
    if (e == automaton_.edge_offsets[s + 1]) {
      states_[s].high = next_place[0] - 1;
      stack.pop_back();
      continue;
    }
    const int edge = e++;
    if (is_inside(s, edge)) {
      stack.push_back(enter(automaton_.edge_next[edge]));
    } else if (automaton_.edge_actions[edge] >= 0) {
      places_[edge] = next_place[0]++;
      roots_[root].push_back({automaton_.edge_actions[edge], places_[edge]});
    }
  }
}

Domain Reach::target(int state, const Domain& domain) const {
  const int root = states_[state].root;
  if (root < 0) return domain;
  std::vector<Interval> places;
  const std::vector<Place>& codes = roots_[root];
  for (const Interval& interval : domain.values) {
    auto found = std::lower_bound(codes.begin(), codes.end(), interval.low,
                                  [](const Place& place, double x) { return place.code < x; });
    for (; found != codes.end() && found->code <= interval.high; ++found) {
      const double place = found->place;
      places.push_back({place, place});
    }
  }
  return Domain::of(std::move(places), domain.missing);
}

bool Reach::allows(int state, int edge, const CellValue& cell, const Domain& target) const {
  const int column = columns_of_[state], next = automaton_.edge_next[edge];
  const bool inside = is_inside(state, edge);
  const int action = automaton_.edge_actions[edge];
  if (action == kActionMissing) return target.missing;
  if (inside && target.missing && states_[next].missing) return true;
  if (automaton_.column_kinds[column] == kColumnCategory) {
    if (inside) return target.meets(states_[next].low, states_[next].high);
    return places_[edge] >= 0 && target.meets(places_[edge], places_[edge]);
  }
  CellValue value;
  value.scaled = cell.scaled;
  value.negative = cell.negative;
  value.apply(kColumnNumber, action, automaton_.values);
  if (!inside) return target.contains(value.number());
  return reaches(next, {value.scaled, value.negative}, target);
}

bool Reach::reaches(int state, const Number& number, const Domain& target) const {
  bool unsure = false;
  for (int f = states_[state].first; f < states_[state].first + states_[state].n; f++) {
    const Future& future = futures_[f];
    double low = number.scaled * future.unit + future.low;
    double high = number.scaled * future.unit + future.high;
    if (future.unit == 0 ? future.negative : number.negative != future.negative) {
      std::swap(low, high);
      low = -low;
      high = -high;
    }
    if (!target.meets(low, high)) continue;
    // Both ends are values, and where there are no gaps all between them.
    if (future.count >= future.high - future.low + 1 || target.contains(low) ||
        target.contains(high))
      return true;
    unsure = true;
  }
  if (!unsure) return false;
  for (const int e : automaton_.edges(state)) {
    CellValue value;
    value.scaled = number.scaled;
    value.negative = number.negative;
    if (automaton_.edge_actions[e] == kActionMissing) continue;
    value.apply(kColumnNumber, automaton_.edge_actions[e], automaton_.values);
    if (is_inside(state, e)
            ? reaches(automaton_.edge_next[e], {value.scaled, value.negative}, target)
            : target.contains(value.number()))
      return true;
  }
  return false;
}

}  // namespace harmonic

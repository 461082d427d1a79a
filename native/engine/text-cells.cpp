#include "engine/text-cells.h"

#include <algorithm>
#include <map>
#include <set>

#include "engine/error.h"

namespace harmonic {
namespace {

/** What may follow inside UTF-8: table 3-7 of the Unicode standard. */
enum Utf8 : uint8_t {
  kWhole,    // a character
  kOne,      // one more byte, 80 .. BF
  kTwo,      // two more
  kThree,    // three more
  kAfterE0,  // A0 .. BF, then one more
  kAfterEd,  // 80 .. 9F, then one more
  kAfterF0,  // 90 .. BF, then two more
  kAfterF4,  // 80 .. 8F, then two more
  kBroken,
};

Utf8 first_byte(uint8_t byte) {
  if (byte < 0x80) return kWhole;
  if (byte < 0xc2) return kBroken;
  if (byte < 0xe0) return kOne;
  if (byte == 0xe0) return kAfterE0;
  if (byte == 0xed) return kAfterEd;
  if (byte < 0xf0) return kTwo;
  if (byte == 0xf0) return kAfterF0;
  if (byte < 0xf4) return kThree;
  return byte == 0xf4 ? kAfterF4 : kBroken;
}

Utf8 follow(Utf8 state, uint8_t byte) {
  const auto in = [byte](uint8_t low, uint8_t high, Utf8 next) {
    return byte >= low && byte <= high ? next : kBroken;
  };
  switch (state) {
    case kWhole:
      return first_byte(byte);
    case kOne:
      return in(0x80, 0xbf, kWhole);
    case kTwo:
      return in(0x80, 0xbf, kOne);
    case kThree:
      return in(0x80, 0xbf, kTwo);
    case kAfterE0:
      return in(0xa0, 0xbf, kOne);
    case kAfterEd:
      return in(0x80, 0x9f, kOne);
    case kAfterF0:
      return in(0x90, 0xbf, kTwo);
    case kAfterF4:
      return in(0x80, 0x8f, kTwo);
    case kBroken:
      break;
  }
  return kBroken;
}

int begun(const std::string& bytes) {
  return static_cast<int>(
      std::count_if(bytes.begin(), bytes.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

}  // namespace

TextCells::TextCells(const Automaton& automaton,
                     const std::function<std::string(int32_t)>& bytes_of)
    : automaton_(automaton),
      piece_of_(automaton.edge_tokens.size(), -1),
      columns_(automaton.column_kinds.size()) {
  std::map<int32_t, int32_t> known;  // by token
  for (size_t e = 0; e < piece_of_.size(); e++) {
    if (!automaton.is_text(static_cast<int>(e))) continue;
    const int32_t token = automaton.edge_tokens[e];
    const auto [found, is_new] = known.try_emplace(token, static_cast<int32_t>(pieces_.size()));
    piece_of_[e] = found->second;
    if (is_new) {
      Piece piece{bytes_of(token), {}};
      for (int s = 0; s < kUtf8States; s++) {
        auto state = static_cast<Utf8>(s);
        for (const char byte : piece.bytes) state = follow(state, static_cast<uint8_t>(byte));
        piece.next[s] = state;
      }
      pieces_.push_back(std::move(piece));
    }
    const int n = begun(pieces_[piece_of_[e]].bytes);
    if (n != automaton.edge_actions[e]) {
      throw Error("E_USAGE", "expected the characters that begin in token " +
                                 std::to_string(token) + ", " + std::to_string(n) +
                                 ", for its `edgeActions` but received " +
                                 std::to_string(automaton.edge_actions[e]));
    }
  }
  for (int c = 0; c < automaton.n_columns(); c++) {
    if (automaton.column_kinds[c] == kColumnText) find_ends(c);
  }
}

void TextCells::find_ends(int column) {
  const int fewest = automaton_.text_limits[2 * column];
  const int most = automaton_.text_limits[2 * column + 1];
  std::set<int> sizes;                                       // characters of tokens that split none
  std::set<std::array<uint8_t, kUtf8States>> continuations;  // of tokens that begin none
  for (size_t e = 0; e < piece_of_.size(); e++) {
    if (piece_of_[e] < 0 || automaton_.edge_columns[e] != column) continue;
    const Piece& piece = pieces_[piece_of_[e]];
    if (automaton_.edge_actions[e] == 0)
      continuations.insert(piece.next);
    else if (piece.next[kWhole] == kWhole)
      sizes.insert(automaton_.edge_actions[e]);
  }
  Column& ends = columns_[column];
  ends.can_end.resize(most + 1);
  for (int n = most; n >= 0; n--) {
    ends.can_end[n] = n >= fewest || std::any_of(sizes.begin(), sizes.end(), [&](int size) {
                        return n + size <= most && ends.can_end[n + size];
                      });
  }
  if (!ends.can_end[0]) {
    throw Error("E_USAGE", "expected tokens for a text of " + std::to_string(fewest) + " to " +
                               std::to_string(most) + " characters but there are none");
  }
  ends.can_whole = {true};
  for (bool changed = true; changed;) {
    changed = false;
    for (int s = kOne; s < kBroken; s++) {
      if (ends.can_whole[s]) continue;
      ends.can_whole[s] = std::any_of(continuations.begin(), continuations.end(),
                                      [&](const auto& next) { return ends.can_whole[next[s]]; });
      changed = changed || ends.can_whole[s];
    }
  }
}

bool TextCells::allows(const TextProgress& progress, int edge) const {
  const int piece = piece_of_[edge];
  if (piece < 0) {
    // The end of the text, or the way to a missing one, which parts from it at the start.
    if (automaton_.edge_columns[edge] < 0 || automaton_.edge_actions[edge] == kActionMissing)
      return progress.n_characters == 0;
    const int column = automaton_.edge_columns[edge];
    return progress.utf8 == kWhole && progress.n_characters >= automaton_.text_limits[2 * column];
  }
  const Column& ends = columns_[automaton_.edge_columns[edge]];
  const int n = progress.n_characters + automaton_.edge_actions[edge];
  const uint8_t next = pieces_[piece].next[progress.utf8];
  return n < static_cast<int>(ends.can_end.size()) && ends.can_end[n] && ends.can_whole[next];
}

void TextCells::take(TextProgress& progress, int edge) const {
  progress.utf8 = pieces_[piece_of_[edge]].next[progress.utf8];
  progress.n_characters += automaton_.edge_actions[edge];
}

}  // namespace harmonic

#include "engine/prompt-groups.h"

#include <algorithm>
#include <map>
#include <utility>

namespace harmonic {
namespace {

using Tokens = std::vector<ColumnToken>;

/** Rows that are given the same cells and are worth a group of their own. */
constexpr int kLeastAlike = 8;

/** Tokens that both begin with, `most` at most. */
size_t common_length(const Tokens& a, const Tokens& b, size_t most) {
  const size_t limit = std::min({a.size(), b.size(), most});
  return std::mismatch(a.begin(), a.begin() + limit, b.begin()).first - a.begin();
}

Tokens prompt_tokens(const GenerateRequest& request, const DrawnRow& row, int r) {
  const int p = request.prompt_of(r);
  Tokens tokens;
  for (int i = request.prompt_offsets[p]; i < request.prompt_offsets[p + 1]; i++)
    tokens.push_back({request.prompts[i], -1});
  tokens.back().column = row.first_column;
  return tokens;
}

/** Cuts a group down to what the tokens of one more row begin with too. */
void narrow(PromptGroup& group, const Tokens& tokens) {
  if (group.whole && tokens == group.tokens) return;
  // A row has at least one token of its own behind what is in common.
  const size_t shortest = std::min(tokens.size(), group.tokens.size() + (group.whole ? 0 : 1));
  group.tokens.resize(common_length(group.tokens, tokens, shortest - 1));
  group.whole = false;
}

}  // namespace

Tokens tokens_before(const GenerateRequest& request, const DrawnRow& row, int r) {
  Tokens tokens = prompt_tokens(request, row, r);
  tokens.insert(tokens.end(), row.pending.begin(), row.pending.end());
  return tokens;
}

std::vector<PromptGroup> group_rows(const GenerateRequest& request,
                                    const std::vector<DrawnRow>& rows, bool share) {
  std::map<Tokens, int> n_alike;  // rows by what the model reads before it draws
  for (int r = 0; share && r < static_cast<int>(rows.size()); r++) {
    if (!rows[r].done) n_alike[tokens_before(request, rows[r], r)]++;
  }
  std::vector<PromptGroup> groups;
  std::map<Tokens, size_t> known;  // group by what its rows have in common for certain
  for (int r = 0; r < static_cast<int>(rows.size()); r++) {
    const DrawnRow& row = rows[r];
    if (row.done) continue;
    size_t g = groups.size();
    const Tokens tokens = tokens_before(request, row, r);
    if (share) {
      const Tokens prompt = prompt_tokens(request, row, r);
      const bool is_own = row.pending.size() > prompt.size() && n_alike[tokens] >= kLeastAlike;
      g = known.try_emplace(is_own ? tokens : prompt, g).first->second;
    }
    if (g == groups.size()) {
      groups.push_back({tokens, {r}, true});
    } else {
      groups[g].rows.push_back(r);
      narrow(groups[g], tokens);
    }
  }
  return groups;
}

Tokens common_prefix(const std::vector<PromptGroup>& groups) {
  Tokens prefix = groups.front().tokens;
  for (const PromptGroup& group : groups)
    prefix.resize(common_length(prefix, group.tokens, group.tokens.size() - 1));
  return prefix;
}

}  // namespace harmonic

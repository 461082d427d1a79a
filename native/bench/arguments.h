#pragma once
#include <cstdlib>
#include <map>
#include <string>

#include "engine/error.h"

namespace harmonic::bench {

/** What a part is told: NAME=VALUE. */
class Arguments {
 public:
  explicit Arguments(std::map<std::string, std::string> all) : all_(std::move(all)) {}

  std::string text(const std::string& name, const std::string& fallback) const {
    const auto found = all_.find(name);
    return found == all_.end() ? fallback : found->second;
  }
  /** Throws Error E_USAGE where it was not given. */
  std::string text(const std::string& name) const {
    const auto found = all_.find(name);
    if (found == all_.end()) throw Error("E_USAGE", "expected " + name + "=VALUE");
    return found->second;
  }
  double number(const std::string& name, double fallback) const {
    const std::string given = text(name, "");
    if (given.empty()) return fallback;
    char* end = nullptr;
    const double value = std::strtod(given.c_str(), &end);
    if (*end != '\0') {
      throw Error("E_USAGE", "expected a number for " + name + " but received " + given);
    }
    return value;
  }
  int integer(const std::string& name, int fallback) const {
    return static_cast<int>(number(name, fallback));
  }

 private:
  std::map<std::string, std::string> all_;
};

}  // namespace harmonic::bench

#include <filesystem>
#include <iostream>
#include <map>

#include "bench/parts.h"
#include "engine/runtime.h"

using namespace harmonic;
using namespace harmonic::bench;

namespace {

using Part = void (*)(const Arguments&, const Tell&);

const std::map<std::string, Part> kParts = {
    {"limits", measure_limits},  {"write-models", write_models}, {"check", check_device},
    {"train", measure_training}, {"sample", measure_sampling},   {"neighbors", measure_neighbors},
    {"report", write_report},
};

Arguments arguments_of(int argc, char** argv) {
  std::map<std::string, std::string> all;
  for (int i = 2; i < argc; i++) {
    const std::string argument = argv[i];
    const size_t at = argument.find('=');
    if (at == std::string::npos) {
      throw Error("E_USAGE", "expected NAME=VALUE but received " + argument);
    }
    all[argument.substr(0, at)] = argument.substr(at + 1);
  }
  return Arguments(all);
}

}  // namespace

// harmonic-bench PART NAME=VALUE ...: a line of what was measured at a time.
int main(int argc, char** argv) {
  try {
    const auto part = kParts.find(argc > 1 ? argv[1] : "");
    if (part == kParts.end()) {
      std::string names;
      for (const auto& [name, _] : kParts) names += " " + name;
      throw Error("E_USAGE", "expected a part to measure:" + names);
    }
    const Arguments arguments = arguments_of(argc, argv);
    load_backends(std::filesystem::canonical("/proc/self/exe").parent_path().string());
    part->second(arguments, [](const Measurement& m) { std::cout << to_line(m) << std::endl; });
    return 0;
  } catch (const Error& error) {
    std::cerr << error.code << ": " << error.what();
    if (!error.hint.empty()) std::cerr << " (" << error.hint << ")";
  } catch (const std::exception& error) {
    std::cerr << error.what();
  }
  std::cerr << std::endl;
  return 1;
}

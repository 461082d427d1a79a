#include <sys/sysinfo.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <sstream>
#include <thread>

#include "bench/parts.h"

namespace harmonic::bench {
namespace {

std::string quoted(const std::string& text) {
  std::ostringstream out;
  out << '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out << '\\' << c;
    } else if (static_cast<unsigned char>(c) < ' ') {
      out << ' ';
    } else {
      out << c;
    }
  }
  out << '"';
  return out.str();
}

std::string number(double value) {
  if (!std::isfinite(value)) return "null";
  std::ostringstream out;
  out << std::setprecision(12) << value;
  return out.str();
}

/** As it is in results/NAME.json: numbers are no texts. */
std::string setting(const std::string& value) {
  const bool is_number =
      !value.empty() && value.find_first_not_of("0123456789.") == std::string::npos;
  return is_number ? value : quoted(value);
}

std::string to_json(const Measurement& m) {
  std::ostringstream out;
  out << "    {\n      \"subject\": " << quoted(m.subject)
      << ",\n      \"task\": " << quoted(m.task) << ",\n      \"settings\": {";
  for (size_t i = 0; i < m.settings.size(); i++) {
    out << (i > 0 ? ", " : "") << quoted(m.settings[i].first) << ": "
        << setting(m.settings[i].second);
  }
  out << "},\n      \"metric\": " << quoted(m.metric) << ",\n      \"unit\": " << quoted(m.unit)
      << ",\n      \"values\": [";
  for (size_t i = 0; i < m.values.size(); i++) out << (i > 0 ? ", " : "") << number(m.values[i]);
  out << "],\n      \"median\": " << (m.values.empty() ? "null" : number(median(m.values)));
  if (!m.error.empty()) out << ",\n      \"error\": " << quoted(m.error);
  out << "\n    }";
  return out.str();
}

std::string value_of(const Settings& settings, const std::string& name) {
  for (const auto& [key, value] : settings) {
    if (key == name) return value;
  }
  return "";
}

class Results {
 public:
  explicit Results(std::istream& in) {
    for (std::string line; std::getline(in, line);) {
      if (line.find('\t') != std::string::npos) all_.push_back(from_line(line));
    }
  }

  const std::vector<Measurement>& all() const { return all_; }

  /** Of the first whose subject begins so and which has these settings; 0 where there is none. */
  double of(const std::string& subject, const std::string& metric, const Settings& settings) const {
    for (const Measurement& m : all_) {
      const bool fits = m.subject.rfind(subject, 0) == 0 && m.metric == metric &&
                        std::all_of(settings.begin(), settings.end(), [&](const auto& s) {
                          return value_of(m.settings, s.first) == s.second;
                        });
      if (fits && !m.values.empty()) return median(m.values);
    }
    return 0;
  }

  /** By name; a ratio of which a part is missing is left out. */
  Settings ratios() const {
    Settings found;
    const auto add = [&](const std::string& name, double a, double b) {
      if (a > 0 && b > 0) {
        std::ostringstream out;
        out << std::setprecision(4) << a / b;
        found.emplace_back(name, out.str());
      }
    };
    const std::string tokens = "tokens_per_second", rows = "rows_per_second";
    for (const char* groups : {"2", "32"}) {
      const Settings at = {{"groupsPerStep", groups}};
      const std::string end = std::string("_") + groups + "_groups";
      const double ours = of("harmonic", tokens, at);
      add("tokens_vs_peft" + end, ours, of("peft", tokens, at));
      add("tokens_vs_pytorch" + end, ours, of("pytorch", tokens, at));
      add("tokens_of_limit" + end, ours, of("harmonic", "limit_by_arithmetic", at));
    }
    for (const char* format : {"compact", "json", "cells"}) {
      for (const char* prompts : {"examples", "none"}) {
        const Settings at = {{"format", format}, {"prompts", prompts}};
        const std::string end = std::string("_") + format + "_" + prompts;
        const double ours = of("harmonic", rows, at);
        add("rows_per_s" + end, ours, 1);
        add("rows_of_bandwidth" + end, ours, of("harmonic", "limit_by_bandwidth", at));
        add("rows_of_arithmetic" + end, ours, of("harmonic", "limit_by_arithmetic", at));
      }
    }
    const std::string searched = "searched_per_second", gpu = "harmonic, Faiss on the GPU";
    add("neighbors_seconds", of(gpu, "seconds", {}), 1);
    add("neighbors_vs_faiss_cpu", of(gpu, searched, {}),
        of("harmonic, Faiss on the CPU", searched, {}));
    add("neighbors_vs_pytorch", of(gpu, searched, {}), of("pytorch", searched, {}));
    return found;
  }

 private:
  std::vector<Measurement> all_;
};

std::string processor() {
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; std::getline(in, line);) {
    if (line.rfind("model name", 0) == 0) return line.substr(line.find(':') + 2);
  }
  return "unknown";
}

void print_table(const Results& results) {
  std::cout << std::left << std::setw(28) << "subject" << std::setw(44) << "task" << std::setw(46)
            << "settings" << std::setw(28) << "metric"
            << "median\n";
  for (const Measurement& m : results.all()) {
    std::string settings;
    for (const auto& [key, value] : m.settings) {
      if (!key.empty()) settings += (settings.empty() ? "" : ", ") + key + " " + value;
    }
    std::cout << std::setw(28) << m.subject << std::setw(44) << m.task << std::setw(46) << settings
              << std::setw(28) << m.metric;
    if (m.error.empty()) {
      std::cout << std::setprecision(5) << median(m.values) << ' ' << m.unit << '\n';
    } else {
      std::cout << "failed: " << m.error << '\n';
    }
  }
}

}  // namespace

void write_report(const Arguments& arguments, const Tell&) {
  std::ifstream in(arguments.text("measured"));
  const Results results(in);
  const std::string out = arguments.text("out");
  struct sysinfo memory {};
  sysinfo(&memory);
  const double gigabytes =
      static_cast<double>(memory.totalram) * memory.mem_unit / (1024.0 * 1024 * 1024);

  std::ofstream file(out);
  file << "{\n  \"name\": \"gpu\",\n  \"commit\": " << quoted(arguments.text("commit", "unknown"))
       << ",\n  \"machine\": {\n    \"gpu\": " << quoted(arguments.text("gpu", "none"))
       << ",\n    \"cpu\": " << quoted(processor())
       << ",\n    \"cores\": " << std::thread::hardware_concurrency()
       << ",\n    \"memoryGb\": " << std::lround(gigabytes) << "\n  },\n  \"trials\": [\n";
  for (size_t i = 0; i < results.all().size(); i++) {
    file << to_json(results.all()[i]) << (i + 1 < results.all().size() ? ",\n" : "\n");
  }
  file << "  ],\n  \"ratios\": {";
  const Settings ratios = results.ratios();
  for (size_t i = 0; i < ratios.size(); i++) {
    file << (i > 0 ? "," : "") << "\n    " << quoted(ratios[i].first) << ": " << ratios[i].second;
  }
  file << (ratios.empty() ? "}\n}\n" : "\n  }\n}\n");
  if (!file.flush()) throw Error("E_IO", out + " could not be written");

  print_table(results);
  for (const auto& [name, value] : ratios) std::cout << name << ' ' << value << '\n';
}

}  // namespace harmonic::bench

#pragma once
#include <chrono>
#include <iosfwd>
#include <string>
#include <utility>
#include <vector>

namespace harmonic::bench {

using Settings = std::vector<std::pair<std::string, std::string>>;

/** What was measured, as it stands in a benchmark's results; see benchmarks/harness/trial.ts. */
struct Measurement {
  std::string subject;
  std::string task;
  Settings settings;
  std::string metric;
  std::string unit;
  std::vector<double> values;
  std::string error;  // of a trial that failed
};

/** Of the values; 0 where there are none. */
double median(std::vector<double> values);

/** A measurement as a line of fields with tabs between them, and one read back. */
std::string to_line(const Measurement& measurement);
Measurement from_line(const std::string& line);

/** Seconds since it was made. */
class Clock {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace harmonic::bench

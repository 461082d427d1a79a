#include "bench/measurement.h"

#include <algorithm>
#include <sstream>

namespace harmonic::bench {
namespace {

std::vector<std::string> split(const std::string& text, char by) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, by);) parts.push_back(part);
  return parts;
}

}  // namespace

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

std::string to_line(const Measurement& m) {
  std::ostringstream out;
  out.precision(12);
  out << m.subject << '\t' << m.task << '\t';
  for (size_t i = 0; i < m.settings.size(); i++) {
    out << (i > 0 ? ";" : "") << m.settings[i].first << '=' << m.settings[i].second;
  }
  out << '\t' << m.metric << '\t' << m.unit << '\t';
  for (size_t i = 0; i < m.values.size(); i++) out << (i > 0 ? " " : "") << m.values[i];
  out << '\t' << m.error;
  return out.str();
}

Measurement from_line(const std::string& line) {
  std::vector<std::string> fields = split(line, '\t');
  fields.resize(7);
  Measurement m{fields[0], fields[1], {}, fields[3], fields[4], {}, fields[6]};
  for (const std::string& setting : split(fields[2], ';')) {
    const size_t at = setting.find('=');
    m.settings.emplace_back(setting.substr(0, at),
                            at == std::string::npos ? "" : setting.substr(at + 1));
  }
  std::istringstream values(fields[5]);
  for (double value; values >> value;) m.values.push_back(value);
  return m;
}

}  // namespace harmonic::bench

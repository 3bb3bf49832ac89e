#include "observe/metrics_text.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

namespace shoal {

namespace {

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

/// A value of a label, in quotes.
std::string label_value(std::string_view value) {
  std::string text = "\"";
  for (const char one : value) {
    if (one == '\\' || one == '"') text += '\\';
    if (one == '\n') {
      text += "\\n";
    } else {
      text += one;
    }
  }
  return text + '"';
}

std::string labelled(std::string_view label, std::string_view value) {
  return fmt::format("{{{}={}}}", label, label_value(value));
}

/// Unix time at which the process began; 0 if /proc does not tell.
double started_at() {
  std::ifstream stat("/proc/self/stat");
  std::ifstream uptime("/proc/uptime");
  std::string text;
  double up = 0;
  if (!std::getline(stat, text) || !(uptime >> up)) return 0;
  // The name of the program stands in parentheses and may hold blanks. The begin is the 20th field behind it.
  std::istringstream rest(text.substr(text.rfind(')') + 1));
  std::string field;
  for (int i = 0; i < 20; ++i) rest >> field;
  const double age = up - std::strtod(field.c_str(), nullptr) / static_cast<double>(sysconf(_SC_CLK_TCK));
  return static_cast<double>(::time(nullptr)) - age;
}

double resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  double all = 0;
  double resident = 0;
  return statm >> all >> resident ? resident * static_cast<double>(sysconf(_SC_PAGESIZE)) : 0;
}

}  // namespace

metrics_text::format metrics_text::wanted(std::string_view accept) {
  return accept.find("application/openmetrics-text") != std::string_view::npos ? format::openmetrics
                                                                               : format::prometheus;
}

std::string_view metrics_text::media_type(format how) {
  return how == format::openmetrics ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                                    : "text/plain; version=0.0.4; charset=utf-8";
}

void metrics_text::begin(const family& what, std::string_view type, std::string_view suffix) {
  const std::string name = fmt::format("{}{}{}", what.name, what.unit.empty() ? "" : "_", what.unit);
  if (format_ == format::openmetrics) {
    text_ += fmt::format("# TYPE {} {}\n", name, type);
    if (!what.unit.empty()) text_ += fmt::format("# UNIT {} {}\n", name, what.unit);
    text_ += fmt::format("# HELP {} {}\n", name, what.help);
  } else {
    text_ += fmt::format("# HELP {}{} {}\n", name, suffix, what.help);
    text_ += fmt::format("# TYPE {}{} {}\n", name, suffix, type == "info" ? "gauge" : type);
  }
}

void metrics_text::sample(const family& what, std::string_view suffix, const std::string& labels, double value) {
  text_ += fmt::format("{}{}{}{}{} {}\n", what.name, what.unit.empty() ? "" : "_", what.unit, suffix, labels, value);
}

void metrics_text::gauge(const family& what, double value) {
  begin(what, "gauge", "");
  sample(what, "", "", value);
}

void metrics_text::gauges(const family& what, std::string_view label,
                          const std::vector<std::pair<std::string, double>>& values) {
  begin(what, "gauge", "");
  for (const auto& [name, value] : values) sample(what, "", labelled(label, name), value);
}

void metrics_text::counter(const family& what, double value) {
  begin(what, "counter", "_total");
  sample(what, "_total", "", value);
}

void metrics_text::counters(const family& what, std::string_view label,
                            const std::vector<std::pair<std::string, double>>& values) {
  begin(what, "counter", "_total");
  for (const auto& [name, value] : values) sample(what, "_total", labelled(label, name), value);
}

void metrics_text::info(std::string_view name, std::string_view help,
                        const std::vector<std::pair<std::string, std::string>>& facts) {
  const family what{name, {}, help};
  begin(what, "info", "_info");
  std::string labels;
  for (const auto& [label, value] : facts) labels += (labels.empty() ? "{" : ",") + label + "=" + label_value(value);
  sample(what, "_info", labels + "}", 1);
}

void metrics_text::process() {
  rusage used{};
  (void)getrusage(RUSAGE_SELF, &used);
  counter({"process_cpu", "seconds", "Processor time of the process."},
          seconds_of(used.ru_utime) + seconds_of(used.ru_stime));
  gauge({"process_resident_memory", "bytes", "Memory of the process that is in RAM."}, resident_bytes());
  gauge({"process_start_time", "seconds", "Unix time at which the process began."}, started_at());
}

std::string metrics_text::finish() && {
  if (format_ == format::openmetrics) text_ += "# EOF\n";
  return std::move(text_);
}

}  // namespace shoal

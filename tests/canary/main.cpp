#include <cstdio>

#include "canary.hpp"

namespace canary {
namespace {

void run(const idiom& tried) {
  complaints.clear();
  live.clear();
  ready.clear();
  try {
    tried.body().run();
  } catch (const std::string& what) {
    complaints.push_back(what);
  } catch (...) {
    complaints.emplace_back("threw");
  }
  if (!live.empty()) complaints.emplace_back("values were never destroyed");
}

Task<void> dies_twice() {
  T t;
  co_await Yield();
  live.erase(&t);
}
Task<void> never_dies() {
  static const int somewhere = 0;
  co_await Yield();
  live.insert(&somewhere);
}
Task<void> is_used_after_its_death() {
  T t;
  live.erase(&t);
  co_await cref(t);
  live.insert(&t);
}
Task<void> never_finishes() {
  co_await std::suspend_always();
}
Task<void> throws() {
  co_await boom();
}

/// The harness must notice each kind of harm, or all its other verdicts are worth nothing.
int harms_unnoticed() {
  int unnoticed = 0;
  for (const idiom& harm : {idiom{"dies_twice", dies_twice}, idiom{"never_dies", never_dies},
                            idiom{"is_used_after_its_death", is_used_after_its_death},
                            idiom{"never_finishes", never_finishes}, idiom{"throws", throws}}) {
    run(harm);
    if (!complaints.empty()) continue;
    std::printf("the canary does not notice what %s\n", harm.name);
    ++unnoticed;
  }
  return unnoticed;
}

}  // namespace
}  // namespace canary

int main() {
  using namespace canary;
  int passed = 0;
  int failed = harms_unnoticed();
  // Unbuffered, so that after a crash the last name tells which idiom it was.
  std::setvbuf(stdout, nullptr, _IONBF, 0);
  for (auto list : {argument_idioms, capture_idioms, control_flow_idioms, lifetime_idioms}) {
    for (const idiom& tried : list()) {
      std::printf("%s\n", tried.name);
      run(tried);
      if (complaints.empty()) {
        ++passed;
        continue;
      }
      ++failed;
      std::printf("this compiler breaks the idiom %s:\n", tried.name);
      for (const std::string& complaint : complaints) std::printf("  %s\n", complaint.c_str());
    }
  }
  live.clear();
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}

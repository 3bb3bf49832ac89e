#include <clocale>
#include <csignal>
#include <cstdlib>
#include <exception>

#include "cmd/interrupt.hpp"
#include "cmd/output.hpp"
#include "cmd/program_name.hpp"
#include "cmd/run.hpp"

int main(int argc, char** argv) {
  // A reader that goes away is seen as a failed write, which tells more than a silent death.
  std::signal(SIGPIPE, SIG_IGN);
  // Without a UTF-8 locale nobody could type names into the console.
  std::setlocale(LC_CTYPE, "C.UTF-8");
  std::setlocale(LC_CTYPE, "");
  if (argc > 0) shoal::set_program_name(argv[0]);
  try {
    shoal::interrupt stop;
    const auto variables = [](const char* name) -> const char* { return std::getenv(name); };
    return shoal::run_program({argv + (argc > 0 ? 1 : 0), argv + argc}, variables, stop);
  } catch (const std::exception& e) {
    shoal::print_error({shoal::errc::internal, e.what()});
    return shoal::exit_code(shoal::errc::internal);
  }
}

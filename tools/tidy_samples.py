"""What each rule of tools/tidy must catch and must let pass. `tools/tidy --self-test` runs them all."""
from typing import NamedTuple


class Sample(NamedTuple):
    rule: str
    bad: bool
    path: str
    text: str
    beside: tuple = ()  # other files of the tree, empty


SAMPLES = []


def bad(rule, text, path="engine/net/x.cpp", beside=()):
    SAMPLES.append(Sample(rule, True, path, text, beside))


def good(rule, text, path="engine/net/x.cpp", beside=()):
    SAMPLES.append(Sample(rule, False, path, text, beside))


bad("await_lambda", "awaitable<void> f() {\n  co_await offload(pool, [x] { return x; });\n}\n")
bad("await_lambda", "awaitable<void> f() {\n  auto r = co_await offload(pool,\n      [&]() mutable { g(); });\n}\n")
bad("await_lambda", "awaitable<void> f() {\n  co_await [x]() -> awaitable<void> { co_return; }();\n}\n")
good("await_lambda", "awaitable<void> f() {\n  auto job = [x] { return x; };\n  auto [ec, n] = co_await run(job);\n}\n")
good("await_lambda", "void f() {\n  run([&]() -> awaitable<void> {\n    co_await g(a[1]);\n    co_await h();\n  });\n}\n")
good("await_lambda", "awaitable<void> f() {\n  co_await g();\n  sort(v, [](int a, int b) { return a < b; });\n}\n")

bad("await_braces", "awaitable<void> f() {\n  co_await g({1, name});\n}\n")
bad("await_braces", "awaitable<void> f() {\n  auto r = co_await g(options{.limit = 3});\n}\n")
bad("await_braces", "awaitable<void> f() {\n  pair p{co_await g(), 1};\n}\n")
bad("await_braces", "awaitable<pair> f() {\n  co_return pair{co_await g(), 1};\n}\n")
good("await_braces", "awaitable<void> f() {\n  options o{1, name};\n  co_await g(std::move(o));\n}\n")
good("await_braces", "awaitable<void> f() {\n  if (auto r = co_await g(); !r) {\n    co_return;\n  } else { h({1}); }\n}\n")
good("await_braces", "awaitable<void> f() {\n  while (!done) {\n    (void)co_await g();\n  }\n  x = point{1};\n}\n")
good("await_braces", "awaitable<void> f() {\n  for (auto& x : co_await list()) {\n    use({x});\n  }\n}\n")
good("await_braces", "awaitable<void> f() {\n  try {\n    co_await g();\n  } catch (const error& e) {\n    h({e});\n  }\n}\n")

bad("await_conditional", "awaitable<void> f() {\n  co_await (a ? g() : h());\n}\n")
bad("await_conditional", "awaitable<int> f() {\n  co_return a ? co_await g() : 0;\n}\n")
bad("await_conditional", "awaitable<void> f() {\n  auto x = co_await g(a ? 1 : 2);\n}\n")
good("await_conditional", "awaitable<void> f() {\n  const int n = a ? 1 : 2;\n  co_await g(n);\n  h(a ? 1 : 2);\n}\n")
good("await_conditional", "awaitable<void> f() {\n  if (a ? b : c) co_await g();\n}\n")

bad("await_switch", "awaitable<void> f() {\n  switch (co_await g()) {\n    default: break;\n  }\n}\n")
good("await_switch", "awaitable<void> f() {\n  const int n = co_await g();\n  switch (n) {\n    default: break;\n  }\n}\n")

bad("capturing_coroutine", "auto task = [this]() -> awaitable<void> { co_return; };\n")
good("capturing_coroutine", "auto job = [this]() -> result<void> { return {}; };\nawaitable<void> g(int x);\n")

bad("asio_ban", "spawn(x, asio::detached);\n")
bad("asio_ban", "class session : public std::enable_shared_from_this<session> {};\n")
bad("asio_ban", "#include <boost/asio/experimental/channel.hpp>\n")
bad("asio_ban", "asio::cancellation_signal stop_;\n")
good("asio_ban", "// never detached\n#include <boost/asio/experimental/awaitable_operators.hpp>\n")

bad("co_spawn", "void f() { asio::co_spawn(ex, g(), done); }\n", "engine/peer/x.cpp")
good("co_spawn", "void f() { asio::co_spawn(ex, g(), done); }\n", "engine/net/task_group.cpp")
good("co_spawn", "#include <boost/asio/co_spawn.hpp>\n", "engine/peer/x.cpp")

bad("raw_socket", "auto got = ::recv(fd, data, size, 0);\n", "engine/peer/x.cpp")
bad("raw_socket", "put = ::sendfile(out, in, &offset, size);\n", "engine/tracker/x.cpp")
bad("raw_socket", "void take(tcp::socket socket);\n", "engine/net/x.hpp")
bad("raw_socket", "std::list<asio::ip::tcp::socket> all_;\n", "engine/peer/x.hpp")
good("raw_socket", "auto got = ::recv(fd, data, size, 0);\ntcp::socket socket_;\n", "engine/net/stream.cpp")
good("raw_socket", "auto got = ::recv(fd, data, size, 0);\ntcp::socket socket_;\n", "tests/net/x_test.cpp")
good("raw_socket", "to.send(message);\nvoid session::send(int x);\nlocal::socket socket_;\n", "engine/peer/x.cpp")

bad("async_name", "awaitable<void> async_fetch(int x);\n")
bad("async_name", "awaitable<std::size_t> session::async_fetch() {\n")
good("async_name", "auto r = co_await socket.async_connect(endpoint, use_tuple);\n")

bad("include_edge", '#include "wire/messages.hpp"\n', "engine/core/x.hpp")
bad("include_edge", '#include "wire/messages.hpp"\n', "engine/policy/x.hpp")
bad("include_edge", '#include "tracker/tracker_session.hpp"\n', "engine/peer/x.hpp")
bad("include_edge", '#include "net/event.hpp"\n', "engine/store/x.hpp")
bad("include_edge", '#include "cmd/options.hpp"\n', "engine/peer/x.hpp")
bad("include_edge", '#include "x.hpp"\n', "engine/peer/y.hpp")
good("include_edge", '#include "net/event.hpp"\n#include "peer/z.hpp"\n#include <string>\n', "engine/peer/x.hpp")
good("include_edge", '#include "peer/z.hpp"\n#include "tracker/y.hpp"\n', "cmd/main.cpp")
bad("include_edge", '#include "peer/session/session.hpp"\n', "bench/simulate/x.hpp")
good("include_edge", '#include "policy/transfer.hpp"\n#include "simulate/y.hpp"\n', "bench/simulate/x.hpp")

bad("room", '#include "peer/share/share.hpp"\n', "engine/peer/session/x.cpp")
bad("room", '#include "peer/sources/source.hpp"\n', "engine/peer/session/x.hpp")
bad("room", '#include "peer/share/make_share.hpp"\n', "engine/peer/discovery/x.hpp")
bad("room", '#include "peer/peer_node.hpp"\n', "engine/peer/library/x.cpp")
bad("room", '#include "peer/session/session.hpp"\n', "engine/peer/attic/x.cpp")
good("room", '#include "peer/session/session.hpp"\n#include "peer/sources/source.hpp"\n', "engine/peer/sources/x.hpp")
good("room", '#include "peer/share/share.hpp"\n#include "wire/messages.hpp"\n', "engine/peer/library/x.hpp")
good("room", '#include "peer/share/share.hpp"\n#include "peer/library/x.hpp"\n', "engine/peer/peer_node.hpp")
good("room", '#include "peer/share/share.hpp"\n', "engine/control/x.cpp")

bad("pure", "#include <boost/asio/io_context.hpp>\n", "engine/wire/x.hpp")
bad("pure", "#include <boost/asio/io_context.hpp>\n", "engine/store/x.hpp")
bad("pure", "#include <thread>\n", "engine/policy/x.hpp")
bad("pure", "#include <sys/socket.h>\n", "engine/core/x.cpp")
bad("pure", "auto now = clock::now();\n", "engine/policy/x.cpp")
bad("pure", "std::chrono::system_clock::time_point t;\n", "engine/content/x.cpp")
good("pure", "#include <boost/asio/io_context.hpp>\nauto now = clock::now();\n", "engine/net/x.cpp")
good("pure", "// not clock::now\n#include <boost/system/result.hpp>\n", "engine/policy/x.cpp")

bad("command_words", 'return error{errc::usage, "no directory: name one with --dir"};\n')
bad("command_words", "error e{errc::not_found, \"no share here: see 'status'\"};\n", "engine/peer/x.cpp")
bad("command_words", "error e{errc::not_found, \"it left: look at 'node list'\"};\n", "engine/control/x.cpp")
good("command_words", "// as --dir says; see 'status'\nerror e{errc::not_found, \"no share -- here\", remedy::see_status};\n")
good("command_words", 'return "choose another directory with --dir";\n', "cmd/x.cpp")

bad("header_opening", "// One line.\n#pragma once\n" + "int x;\n" * 60, "engine/core/x.hpp")
bad("header_opening", "#pragma once\n", "engine/core/x.hpp")
good("header_opening", "// One line.\n#pragma once\n", "engine/core/x.hpp")
bad("header_opening", "#pragma once\n", "tests/net/x.hpp")
bad("header_opening", "// A\n// B\n// C\n\n#include <string>\n", "engine/core/x.hpp")
good("header_opening", "// A\n//\n// B\n#pragma once\n", "engine/core/x.hpp")
good("header_opening", "#include <string>\n", "engine/core/x.cpp")

bad("banner", "// ---------- helpers\n")
bad("banner", "/*****\n * helpers\n */\n")
bad("banner", "# ====== helpers\n", "tools/x.cmake")
good("banner", "// a -> b, two -- dashes\nint x = 1;\n")

bad("left_over", "// TODO: later\n")
bad("left_over", "# FIXME\n", "tools/x.cmake")
good("left_over", "// What is left to do is in the list.\n")

bad("machine_path", 'const char* path = "/home/someone/data";\n')
bad("machine_path", "see /work/notes\n", "docs/x.md")
good("machine_path", 'const char* path = "/tmp/data"; // also docs/home/x\n')

bad("commented_code", "// return next(x);\n")
bad("commented_code", "// if (x > 3) {\n")
bad("commented_code", "int y;  // y = x + 1;\n")
good("commented_code", "// Sorted by rank (rarest first);\n// ties are broken at random.\n")
good("commented_code", 'const char* url = "http://x/";\n/// The number of bytes.\n')

bad("size", "int x;\n" * 401)
bad("size", "// " + "x" * 120 + "\n")
good("size", "int x;\n" * 400)
good("size", "int x;\n" * 600, "tests/unit/core/x_test.cpp")

bad("banned_function", "int x = rand();\n")
bad("banned_function", "void f() { std::this_thread::sleep_for(1s); }\n", "engine/net/x.cpp")
bad("banned_function", "void f() { usleep(3); }\n", "tests/net/x.cpp")
good("banned_function", "int brand(int); timer.sleep(1); std::snprintf(b, n, f); engine->rand();\n")

bad("header_of_source", "", "engine/net/x.cpp")
bad("header_of_source", "", "engine/net/x_y.cpp", ("engine/net/y.hpp",))
good("header_of_source", "", "engine/net/x.cpp", ("engine/net/x.hpp",))
good("header_of_source", "", "engine/net/x_y_z.cpp", ("engine/net/x_y.hpp",))

bad("test_name", "", "tests/unit/core/y_test.cpp", ("engine/core/x.hpp",))
bad("test_name", "", "tests/unit/core/x.cpp", ("engine/core/x.hpp",))
bad("test_name", "", "tests/net/y_test.cpp", ("engine/core/y.hpp",))
good("test_name", "", "tests/unit/core/x_test.cpp", ("engine/core/x.hpp",))
good("test_name", "", "tests/net/y_test.cpp", ("engine/peer/y.cpp",))
good("test_name", "", "tests/unit/core/x_property_test.cpp", ("engine/core/x.hpp",))

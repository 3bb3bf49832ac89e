// A coroutine type, values that count their lives, and the small functions that the idioms call.
//
// Every idiom is a coroutine whose awaits all suspend once. Afterwards all its checks must have held, no
// value may be left alive, and none may have been destroyed twice. Needs no Asio: what is tested is the
// compiler, not the library.
#pragma once

#include <coroutine>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

namespace canary {

/// Suspended coroutines that wait to be resumed by Task::run.
inline std::vector<std::coroutine_handle<>> ready;

template <class V>
struct task_result {
  std::optional<V> value;
  void return_value(V v) { value.emplace(std::move(v)); }
  V take() { return std::move(*value); }
};

template <>
struct task_result<void> {
  void return_void() {}
  void take() {}
};

/// A lazily started coroutine that is awaited once.
template <class V>
class [[nodiscard]] Task {
 public:
  struct promise_type : task_result<V> {
    std::coroutine_handle<> continuation = std::noop_coroutine();
    std::exception_ptr failure;

    struct resume_continuation {
      bool await_ready() noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> self) noexcept {
        return self.promise().continuation;
      }
      void await_resume() noexcept {}
    };

    Task get_return_object() { return Task(std::coroutine_handle<promise_type>::from_promise(*this)); }
    std::suspend_always initial_suspend() noexcept { return {}; }
    resume_continuation final_suspend() noexcept { return {}; }
    void unhandled_exception() { failure = std::current_exception(); }
  };

  explicit Task(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&&) = delete;
  ~Task() {
    if (handle_) handle_.destroy();
  }

  bool await_ready() const { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> caller) {
    handle_.promise().continuation = caller;
    return handle_;
  }
  V await_resume() {
    if (handle_.promise().failure) std::rethrow_exception(handle_.promise().failure);
    return handle_.promise().take();
  }

  /// Runs it, and all that it awaits, to the end.
  void run() {
    handle_.resume();
    while (!ready.empty()) {
      std::coroutine_handle<> next = ready.back();
      ready.pop_back();
      next.resume();
    }
    if (!handle_.done()) throw std::string("never finished");
    await_resume();
  }

 private:
  std::coroutine_handle<promise_type> handle_;
};

/// Suspends once, so that temporaries have to live across the suspension in the coroutine's frame.
struct Yield {
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> self) const { ready.push_back(self); }
  void await_resume() const {}
};

/// The addresses of all values of T that are alive.
inline std::set<const void*> live;
/// What went wrong in the idiom that runs.
inline std::vector<std::string> complaints;

inline void check(bool held, const char* what) {
  if (!held) complaints.emplace_back(what);
}

/// A value that knows whether it is alive and unharmed. Its text is long enough for the heap.
struct T {
  std::string s;

  T() : T("default") {}
  T(const char* text) : s(std::string(text) + " with a tail that does not fit into the string itself") { born(); }
  T(const T& other) : s(other.s) {
    check(other.ok(), "copied from a value that is not alive");
    born();
  }
  T(T&& other) noexcept : T(static_cast<const T&>(other)) {}
  T& operator=(const T& other) {
    check(ok() && other.ok(), "assigned a value that is not alive");
    s = other.s;
    return *this;
  }
  T& operator=(T&& other) noexcept { return *this = static_cast<const T&>(other); }
  ~T() { check(live.erase(this) == 1, "destroyed twice, or never constructed"); }

  bool ok() const { return live.contains(this) && s.size() > 30; }

 private:
  void born() { check(live.insert(this).second, "constructed over a living value"); }
};

/// An aggregate with a member that counts.
struct Agg {
  int a;
  T t;
  std::string n;
};

inline Task<int> one() {
  co_await Yield();
  co_return 1;
}
inline Task<bool> yes() {
  co_await Yield();
  co_return true;
}
inline Task<T> mk(const char* text = "made") {
  co_await Yield();
  co_return T(text);
}
inline Task<std::vector<T>> mkv() {
  std::vector<T> v(2);
  co_await Yield();
  co_return v;
}
inline Task<std::pair<int, T>> pr() {
  co_await Yield();
  co_return std::pair<int, T>(1, T("second"));
}
inline Task<void> boom() {
  co_await Yield();
  throw 1;
}

inline Task<void> val(T t) {
  co_await Yield();
  check(t.ok(), "val");
}
inline Task<void> cref(const T& t) {
  co_await Yield();
  check(t.ok(), "cref");
}
inline Task<void> rref(T&& t) {
  co_await Yield();
  check(t.ok(), "rref");
}
inline Task<void> agg(Agg a) {
  co_await Yield();
  check(a.a == 1 && a.t.ok() && a.n == "n", "agg");
}
inline Task<void> aggc(const Agg& a) {
  co_await Yield();
  check(a.a == 1 && a.t.ok() && a.n == "n", "aggc");
}
inline Task<void> vec(std::vector<T> v) {
  co_await Yield();
  check(v.size() == 2 && v[0].ok() && v[1].ok(), "vec");
}
inline Task<void> vstr(std::vector<std::string> v) {
  co_await Yield();
  check(v.size() == 2 && v[0] == "a" && v[1] == "b", "vstr");
}
inline Task<void> mp(std::map<std::string, std::string> m) {
  co_await Yield();
  check(m.size() == 1 && m["k"] == "v", "mp");
}
inline Task<void> deft(const T& t = T("default argument")) {
  co_await Yield();
  check(t.ok(), "deft");
}
inline Task<void> defv(T t = T("default argument")) {
  co_await Yield();
  check(t.ok(), "defv");
}
template <class F>
Task<void> cb(F f) {
  co_await Yield();
  f();
}
template <class F>
Task<void> cbr(F&& f) {
  co_await Yield();
  f();
}
inline Task<void> fn(std::function<void()> f) {
  co_await Yield();
  f();
}

struct Obj {
  T t;

  Task<void> mem(int n) {
    co_await Yield();
    check(n == 3 && t.ok(), "mem");
  }
  Task<T> get() {
    co_await Yield();
    co_return t;
  }
};

template <class V>
struct Tm {
  V held;

  Task<V> g(V v) {
    co_await Yield();
    check(held.ok() && v.ok(), "template member");
    co_return v;
  }
};

struct idiom {
  const char* name;
  Task<void> (*body)();
};

/// The idioms of each file of this folder.
std::vector<idiom> argument_idioms();
std::vector<idiom> capture_idioms();
std::vector<idiom> control_flow_idioms();
std::vector<idiom> lifetime_idioms();

}  // namespace canary

/// Notes a complaint if the condition is false.
#define OK(...) ::canary::check((__VA_ARGS__), #__VA_ARGS__)
